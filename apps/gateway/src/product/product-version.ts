import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import { GatewayConfig } from '../config.js';
import { Redis } from '../cache/redis.js';
import { SharedCall } from '../cache/shared-call.js';

/** Milliseconds until a failed renewal is retried. */
const RETRY_MS = 1_000;

/**
 * The version in the keys of cached products; entries of any other version are never read. All gateways share it through Redis;
 * without Redis each has its own. Every version is random, so that a Redis that restarts empty or with old data cannot bring an
 * old version back into use.
 */
@Injectable()
export class ProductVersion implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ProductVersion.name);
  private readonly key: string;
  private ownVersion = randomUUID();
  /** Whether the version in Redis is current: false after a failure, until a renewal that started later succeeds. */
  private trusted = false;
  private failures = 0;
  private retry: NodeJS.Timeout | undefined;
  private readonly inRedis = new SharedCall(() => this.readInRedis(this.redis!));

  constructor(
    config: GatewayConfig,
    @Optional() @Inject(Redis) private readonly redis: Redis | undefined,
  ) {
    this.key = `${config.KEY_PREFIX}products:version`;
  }

  onModuleInit() {
    // Changes may have been missed while disconnected, and it may be a different Redis. Commands keep their order, so no read
    // finds the version from before.
    this.redis?.client.on('ready', () => void this.renew());
    this.redis?.connect();
  }

  /** Undefined while it is unknown; the cache must not be used then. */
  async current(): Promise<string | undefined> {
    if (!this.redis) return this.ownVersion;
    return this.inRedis.result();
  }

  private async readInRedis(redis: Redis): Promise<string | undefined> {
    if (!this.trusted) return undefined;
    try {
      const version = await redis.read(redis.client.get(this.key));
      if (version === null) throw new Error('Redis has lost the version of the products');
      return this.trusted ? version : undefined;
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Invalidates the whole cache. If Redis is unavailable, the cache is not used until a renewal succeeds. */
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
    if (this.trusted)
      this.logger.warn(`Products are read without the cache until Redis is available: ${String(error)}`);
    this.trusted = false;
    this.failures++;
    if (!this.redis?.client.isOpen) return;
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      void this.renew();
    }, RETRY_MS).unref();
  }
}
