import { healthStatus } from '@app/platform';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createClient } from 'redis';

/** Milliseconds after which a Redis that took a command counts as away. */
const PATIENCE_MS = 250;

const tellHealth = (status: 0 | 1) => healthStatus.set({ service: 'gateway', dependency: 'redis' }, status);

type Client = ReturnType<typeof createClient>;

/** The process's one client of Redis. It never makes anyone wait: a command is answered soon, or fails. */
export class Redis implements OnApplicationShutdown {
  readonly client: Client;
  private readonly logger = new Logger(Redis.name);
  private lost = false;

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
      tellHealth(0);
    });
    this.client.on('ready', () => {
      if (this.lost) this.logger.log('Redis is back');
      this.lost = false;
      tellHealth(1);
    });
  }

  /** Connects in the background, again and again. */
  connect() {
    this.client.connect().catch((error: unknown) => this.logger.debug(`Redis: no longer connecting: ${String(error)}`));
  }

  /** @throws when Redis is away or does not answer in time. */
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

  async onApplicationShutdown() {
    if (this.client.isOpen) await this.client.disconnect();
  }
}
