import { healthStatus } from '@app/platform';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Counter } from 'prom-client';
import { createClient } from 'redis';

/** Milliseconds after which a Redis that took a command counts as away. */
const PATIENCE_MS = 250;
/** Milliseconds between two reconnections to find the primary. */
const RECONNECT_MS = 1_000;

/** How a Redis says that it takes no writes now: it is a replica, its memory or disk is full, the account may not write. */
const REFUSALS = /\b(READONLY|MASTERDOWN|LOADING|OOM|MISCONF|NOREPLICAS|CLUSTERDOWN|NOPERM)\b/;
/** Of these, what a server says that is not the primary. The primary may be found at the same address by now. */
const NOT_PRIMARY = new Set(['READONLY', 'MASTERDOWN', 'LOADING']);

const refusedWrites = new Counter({
  name: 'bazaar_redis_refused_writes_total',
  help: 'Writes that Redis refused, by the error code of its reply',
  labelNames: ['service', 'reason'] as const,
});

// A rate does not see the first increment of a series that was not there before.
refusedWrites.inc({ service: 'gateway', reason: 'READONLY' }, 0);

const setHealth = (status: 0 | 1) => healthStatus.set({ service: 'gateway', dependency: 'redis' }, status);

type Client = ReturnType<typeof createClient>;

/** The process's one client of Redis. It never makes anyone wait: a command is answered soon, or fails. */
export class Redis implements OnApplicationShutdown {
  readonly client: Client;
  private readonly logger = new Logger(Redis.name);
  private lost = false;
  private refusesWrites = false;
  private reconnecting: NodeJS.Timeout | undefined;

  constructor(url: string) {
    this.client = createClient({
      url,
      // Without this, commands wait for as long as Redis is away.
      disableOfflineQueue: true,
      socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) },
    });
    this.client.on('error', (error: Error & { code?: string }) => {
      if (!this.lost) this.logger.warn(`Redis is away: ${error.message || error.code}`);
      this.lost = true;
      setHealth(0);
    });
    this.client.on('ready', () => {
      if (this.lost) this.logger.log('Redis is back');
      this.lost = false;
      setHealth(this.refusesWrites ? 0 : 1);
    });
  }

  /** Connects in the background, again and again. */
  connect() {
    this.client.connect().catch((error: unknown) => this.logger.debug(`Redis: no longer connecting: ${String(error)}`));
  }

  /** For commands that read. @throws when Redis is away or does not answer in time. */
  async answer<T>(command: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Redis did not answer in ${PATIENCE_MS} ms`)), PATIENCE_MS);
    });
    try {
      return await Promise.race([command, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** For commands that write. @throws as `answer`, and when Redis refuses the write. */
  async write<T>(command: Promise<T>): Promise<T> {
    try {
      const answer = await this.answer(command);
      if (this.refusesWrites) this.accepted();
      return answer;
    } catch (error) {
      const reason = REFUSALS.exec(String(error))?.[1];
      if (reason) this.refused(reason);
      throw error;
    }
  }

  async onApplicationShutdown() {
    clearTimeout(this.reconnecting);
    if (this.client.isOpen) await this.client.disconnect();
  }

  private accepted(): void {
    this.logger.log('Redis takes writes again');
    this.refusesWrites = false;
    setHealth(1);
  }

  private refused(reason: string): void {
    refusedWrites.inc({ service: 'gateway', reason });
    if (!this.refusesWrites) this.logger.warn(`Redis refuses writes: ${reason}`);
    this.refusesWrites = true;
    setHealth(0);
    if (!NOT_PRIMARY.has(reason)) return;
    // A failover leaves this connection with the old primary, which answers it for ever.
    this.reconnecting ??= setTimeout(() => void this.reconnect(), RECONNECT_MS).unref();
  }

  private async reconnect(): Promise<void> {
    this.reconnecting = undefined;
    if (!this.client.isReady) return;
    await this.client.disconnect().catch((error: unknown) => this.logger.debug(`Redis: ${String(error)}`));
    this.connect();
  }
}
