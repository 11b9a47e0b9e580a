import { healthStatus } from '@app/platform';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Counter } from 'prom-client';
import { createClient } from 'redis';

/** Milliseconds after which a command without a reply fails. */
const TIMEOUT_MS = 250;
/** Milliseconds between reconnections to find the primary. */
const RECONNECT_MS = 1_000;

/** Error codes of a Redis that accepts no writes: it is a replica, its memory or disk is full, or the account may not write. */
const WRITE_REFUSALS = /\b(READONLY|MASTERDOWN|LOADING|OOM|MISCONF|NOREPLICAS|CLUSTERDOWN|NOPERM)\b/;
/** The codes of a server that is not the primary. A new connection to the same address may reach the primary. */
const NOT_PRIMARY = new Set(['READONLY', 'MASTERDOWN', 'LOADING']);

const refusedWrites = new Counter({
  name: 'bazaar_redis_refused_writes_total',
  help: 'Writes that Redis refused, by the error code of its reply',
  labelNames: ['service', 'reason'] as const,
});

// A rate misses the first increment of a new series, so each series starts at 0.
refusedWrites.inc({ service: 'gateway', reason: 'READONLY' }, 0);

const setHealth = (status: 0 | 1) => healthStatus.set({ service: 'gateway', dependency: 'redis' }, status);

type Client = ReturnType<typeof createClient>;

/** The only Redis client of the process. A command never hangs: it succeeds or fails within the timeout. */
export class Redis implements OnApplicationShutdown {
  readonly client: Client;
  private readonly logger = new Logger(Redis.name);
  private lost = false;
  private refusesWrites = false;
  private reconnecting: NodeJS.Timeout | undefined;

  constructor(url: string) {
    this.client = createClient({
      url,
      // Without this, commands wait until Redis is available again.
      disableOfflineQueue: true,
      socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) },
    });
    this.client.on('error', (error: Error & { code?: string }) => {
      if (!this.lost) this.logger.warn(`Redis is unavailable: ${error.message || error.code}`);
      this.lost = true;
      setHealth(0);
    });
    this.client.on('ready', () => {
      if (this.lost) this.logger.log('Redis is available again');
      this.lost = false;
      setHealth(this.refusesWrites ? 0 : 1);
    });
  }

  /** Connects in the background, and retries until it succeeds. */
  connect() {
    this.client.connect().catch((error: unknown) => this.logger.debug(`Redis: stopped connecting: ${String(error)}`));
  }

  /** Waits for a command that reads. @throws if Redis is unavailable or does not reply in time. */
  async read<T>(command: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Redis did not reply within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    });
    try {
      return await Promise.race([command, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for a command that writes. @throws also if Redis refuses the write. */
  async write<T>(command: Promise<T>): Promise<T> {
    try {
      const reply = await this.read(command);
      if (this.refusesWrites) this.accepted();
      return reply;
    } catch (error) {
      const reason = WRITE_REFUSALS.exec(String(error))?.[1];
      if (reason) this.refused(reason);
      throw error;
    }
  }

  async onApplicationShutdown() {
    clearTimeout(this.reconnecting);
    if (this.client.isOpen) await this.client.disconnect();
  }

  private accepted(): void {
    this.logger.log('Redis accepts writes again');
    this.refusesWrites = false;
    setHealth(1);
  }

  private refused(reason: string): void {
    refusedWrites.inc({ service: 'gateway', reason });
    if (!this.refusesWrites) this.logger.warn(`Redis refuses writes: ${reason}`);
    this.refusesWrites = true;
    setHealth(0);
    if (!NOT_PRIMARY.has(reason)) return;
    // After a failover, this connection stays with the old primary.
    this.reconnecting ??= setTimeout(() => void this.reconnect(), RECONNECT_MS).unref();
  }

  private async reconnect(): Promise<void> {
    this.reconnecting = undefined;
    if (!this.client.isReady) return;
    await this.client.disconnect().catch((error: unknown) => this.logger.debug(`Redis: ${String(error)}`));
    this.connect();
  }
}
