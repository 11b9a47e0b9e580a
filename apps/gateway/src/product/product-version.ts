import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import { GatewayConfig } from '../config.js';
import { Redis } from '../cache/redis.js';

/** Milliseconds between two tries to have a version again after Redis was lost. */
const RETRY_MS = 1_000;

/**
 * The version that the keys of cached products carry: what is kept under another one is never read again. All gateways
 * share it by Redis; without one each has its own. Every version is a new random one, so that a Redis that comes back empty
 * or with old data can never bring an old version back into use.
 */
@Injectable()
export class ProductVersion implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ProductVersion.name);
  private readonly key: string;
  private ownVersion = randomUUID();
  /** Whether Redis's version can be relied on: not from a failure on until a renewal that began after it succeeded. */
  private trusted = false;
  private failures = 0;
  private retry: NodeJS.Timeout | undefined;

  constructor(
    config: GatewayConfig,
    @Optional() @Inject(Redis) private readonly redis: Redis | undefined,
  ) {
    this.key = `${config.KEY_PREFIX}products:version`;
  }

  onModuleInit() {
    // What happened while the connection was gone is not known, not even whether it is the same Redis. Commands keep
    // their order, so no read finds the version from before.
    this.redis?.client.on('ready', () => void this.renew());
    this.redis?.connect();
  }

  /** Undefined while it cannot be known, and so nothing may be taken from the cache. */
  async current(): Promise<string | undefined> {
    if (!this.redis) return this.ownVersion;
    if (!this.trusted) return undefined;
    try {
      const version = await this.redis.answer(this.redis.client.get(this.key));
      if (version === null) throw new Error('Redis has lost the version of the products');
      return this.trusted ? version : undefined;
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Leaves everything cached behind. Where Redis cannot be told, the cache is not used until it could be. */
  async renew(): Promise<void> {
    if (!this.redis) {
      this.ownVersion = randomUUID();
      return;
    }
    const { failures } = this;
    try {
      await this.redis.write(this.redis.client.set(this.key, randomUUID()));
      if (failures === this.failures) this.trusted = true;
    } catch (error) {
      this.fail(error);
    }
  }

  onApplicationShutdown() {
    clearTimeout(this.retry);
  }

  private fail(error: unknown) {
    if (this.trusted) this.logger.warn(`Products are read without the cache for now: ${String(error)}`);
    this.trusted = false;
    this.failures++;
    if (!this.redis?.client.isOpen) return;
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      void this.renew();
    }, RETRY_MS).unref();
  }
}
