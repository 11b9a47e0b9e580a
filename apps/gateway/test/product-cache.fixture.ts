import { randomUUID } from 'node:crypto';
import type { ProductClient, ProductDto } from '@app/contracts';
import { eventually, removeKeys } from '@app/testing';
import { expect } from '@jest/globals';
import { createCache } from 'cache-manager';
import { cacheStores } from '../src/cache/cache-stores.js';
import { Redis } from '../src/cache/redis.js';
import { GatewayConfig } from '../src/config.js';
import { ProductCache } from '../src/product/product.cache.js';
import { ProductVersion } from '../src/product/product-version.js';
import { closeLater } from './closing.js';

const ID = randomUUID();

/** A product service with one product, whose stock changes. */
export class Shop {
  stock = 5;
  requests = 0;
  /** Delays the replies to new requests; a reply has the stock from the time of its request. */
  slow: Promise<void> | undefined;

  readonly client = {
    list: () => this.answer(),
    getMany: () => this.answer(),
  } as Partial<ProductClient> as ProductClient;

  private async answer() {
    this.requests++;
    const answer = [{ id: ID, stock: this.stock } as ProductDto];
    await (this.slow ?? new Promise(setImmediate));
    return answer;
  }
}

/** The part of a gateway that reads products. */
export class CachingGateway {
  readonly cache: ProductCache;
  private readonly version: ProductVersion;
  private readonly redis: Redis | undefined;

  constructor(shop: Shop, settings: Partial<GatewayConfig> = {}) {
    const config = Object.assign(new GatewayConfig(), settings);
    this.redis = config.REDIS_URL ? new Redis(config.REDIS_URL) : undefined;
    this.version = new ProductVersion(config, this.redis);
    this.cache = new ProductCache(config, createCache({ stores: cacheStores(this.redis) }), this.version, shop.client);
    this.version.onModuleInit();
    closeLater(() => this.close());
  }

  async stock(): Promise<number | undefined> {
    const [[listed], [read]] = await Promise.all([this.cache.list(), this.cache.getMany([ID])]);
    if (listed?.stock !== read?.stock) throw new Error(`${listed?.stock} in the list, ${read?.stock} by id`);
    return listed?.stock;
  }

  /** Whether a read is a cache hit. */
  async caches(shop: Shop): Promise<boolean> {
    await this.stock();
    const { requests } = shop;
    await this.stock();
    return shop.requests === requests;
  }

  private async close() {
    this.cache.onApplicationShutdown();
    this.version.onApplicationShutdown();
    await this.redis?.onApplicationShutdown();
  }
}

/** A promise that the test resolves. */
export function gate() {
  let open = () => {};
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open };
}

/** Settings of a gateway whose keys are its own, and are removed after the test. */
export function redisSettings(url: string): { REDIS_URL: string; KEY_PREFIX: string } {
  const KEY_PREFIX = `test-${randomUUID()}:`;
  closeLater(() => removeKeys(url, KEY_PREFIX));
  return { REDIS_URL: url, KEY_PREFIX };
}

/** A gateway that uses its cache already. */
export async function connected(shop: Shop, config: Partial<GatewayConfig>): Promise<CachingGateway> {
  const gateway = new CachingGateway(shop, config);
  await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
  shop.requests = 0;
  return gateway;
}
