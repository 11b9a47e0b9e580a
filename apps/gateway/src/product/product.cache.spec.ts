import { randomUUID } from 'node:crypto';
import { type ProductClient, type ProductDto } from '@app/contracts';
import { eventually, removeKeys, TcpProxy } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { createClient } from 'redis';
import { GatewayConfig } from '../config.js';
import { Redis } from '../cache/redis.js';
import { cacheStores } from '../cache/cache-stores.js';
import { ProductCache } from './product.cache.js';
import { ProductVersion } from './product-version.js';

const ID = randomUUID();

/** The product service: one product, whose stock is all there is to tell. */
class Shop {
  stock = 5;
  asked = 0;
  /** Answers to what is asked from now on wait for this, though they are about this moment. */
  slow: Promise<void> | undefined;

  readonly client = {
    list: () => this.answer(),
    getMany: () => this.answer(),
  } as Partial<ProductClient> as ProductClient;

  private async answer() {
    this.asked++;
    const answer = [{ id: ID, stock: this.stock } as ProductDto];
    await (this.slow ?? new Promise(setImmediate));
    return answer;
  }
}

/** As much of a gateway as reads products. */
class CachingGateway {
  readonly cache: ProductCache;
  private readonly version: ProductVersion;
  private readonly redis: Redis | undefined;

  constructor(shop: Shop, settings: Partial<GatewayConfig> = {}) {
    const config = Object.assign(new GatewayConfig(), settings);
    this.redis = config.REDIS_URL ? new Redis(config.REDIS_URL) : undefined;
    this.version = new ProductVersion(config, this.redis);
    this.cache = new ProductCache(config, createCache({ stores: cacheStores(this.redis) }), this.version, shop.client);
    this.version.onModuleInit();
  }

  async stock(): Promise<number | undefined> {
    const [[listed], [read]] = await Promise.all([this.cache.list(), this.cache.getMany([ID])]);
    if (listed?.stock !== read?.stock) throw new Error(`${listed?.stock} in the list, ${read?.stock} by id`);
    return listed?.stock;
  }

  /** Whether a read finds all it needs in the cache. */
  async caches(shop: Shop): Promise<boolean> {
    await this.stock();
    const { asked } = shop;
    await this.stock();
    return shop.asked === asked;
  }

  async close() {
    this.cache.onApplicationShutdown();
    this.version.onApplicationShutdown();
    await this.redis?.onApplicationShutdown();
  }
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closing.length) await closing.pop()?.();
});

function gate() {
  let open = () => {};
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open };
}

function rules(start: (shop: Shop) => Promise<CachingGateway>) {
  it('asks once for what many want at the same time, and not again while nothing changes', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    expect(await Promise.all(Array.from({ length: 20 }, () => gateway.stock()))).toEqual(Array(20).fill(5));
    await gateway.stock();
    expect(shop.asked).toBe(2);
  });

  it('says after a write what is now', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    for (const stock of [4, 3, 2]) {
      await gateway.stock();
      shop.stock = stock;
      await gateway.cache.changed();
      expect(await gateway.stock()).toBe(stock);
    }
  });

  it('does not let a slow reader put old data back', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    const { closed, open } = gate();
    shop.slow = closed;
    const slowReader = gateway.stock();
    await eventually(() => expect(shop.asked).toBe(2));
    shop.slow = undefined;
    shop.stock = 4;
    await gateway.cache.changed();
    expect(await gateway.stock()).toBe(4);
    open();
    expect(await slowReader).toBe(5);
    expect(await gateway.stock()).toBe(4);
  });

  it('keeps no failure', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    shop.slow = Promise.reject(new Error('The product service is away'));
    await expect(gateway.stock()).rejects.toThrow('The product service is away');
    shop.slow = undefined;
    expect(await gateway.stock()).toBe(5);
  });

  it('says soon what others changed, and caches in a flood of changes', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    await gateway.stock();
    const { asked } = shop;
    for (shop.stock = 500; shop.stock > 0; shop.stock--) {
      void gateway.cache.changedElsewhere();
      await gateway.stock();
    }
    await eventually(async () => expect(await gateway.stock()).toBe(0), 1_000);
    expect(shop.asked - asked).toBeLessThan(100);
  });
}

describe('products cached in memory', () => {
  rules(async (shop) => {
    const gateway = new CachingGateway(shop);
    closing.push(() => gateway.close());
    return gateway;
  });
});

const redisUrl = process.env.TEST_REDIS_URL;

if (redisUrl)
  describe('products cached in Redis', () => {
    const settings = () => ({ REDIS_URL: redisUrl, KEY_PREFIX: `test-${randomUUID()}:` });

    async function connected(shop: Shop, config: Partial<GatewayConfig>): Promise<CachingGateway> {
      const gateway = new CachingGateway(shop, config);
      closing.push(() => gateway.close());
      await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
      shop.asked = 0;
      return gateway;
    }

    const afterwardsRemoveKeysOf = (prefix: string) => closing.push(() => removeKeys(redisUrl, prefix));

    const started = async (shop: Shop) => {
      const config = settings();
      afterwardsRemoveKeysOf(config.KEY_PREFIX);
      const gateway = await connected(shop, config);
      await gateway.cache.changed();
      return gateway;
    };

    rules(started);

    async function twoGateways(shop: Shop) {
      const config = settings();
      afterwardsRemoveKeysOf(config.KEY_PREFIX);
      return [await connected(shop, config), await connected(shop, config)] as const;
    }

    it('shares what one gateway read with the others, and what one changed too', async () => {
      const shop = new Shop();
      const [one, other] = await twoGateways(shop);
      await one.cache.changed();
      shop.asked = 0;
      expect(await one.stock()).toBe(5);
      expect(await other.stock()).toBe(5);
      expect(shop.asked).toBe(2);
      shop.stock = 4;
      await one.cache.changed();
      expect(await other.stock()).toBe(4);
    });

    it("does not let one gateway's slow reader put old data back for another", async () => {
      const shop = new Shop();
      const [one, other] = await twoGateways(shop);
      await one.cache.changed();
      shop.asked = 0;
      const { closed, open } = gate();
      shop.slow = closed;
      const slowReader = one.stock();
      await eventually(() => expect(shop.asked).toBe(2));
      shop.slow = undefined;
      shop.stock = 4;
      await other.cache.changed();
      open();
      await slowReader;
      expect([await one.stock(), await other.stock()]).toEqual([4, 4]);
    });

    async function behindProxy(shop: Shop) {
      const proxy = await TcpProxy.listen(redisUrl as string);
      closing.push(() => proxy.close());
      const config = settings();
      afterwardsRemoveKeysOf(config.KEY_PREFIX);
      const gateway = await connected(shop, { ...config, REDIS_URL: proxy.url });
      return { proxy, gateway, versionKey: `${config.KEY_PREFIX}products:version` };
    }

    it.each(['cut', 'freeze'] as const)(
      'answers rightly and soon when Redis is gone (%s), and caches again after',
      async (fault) => {
        const shop = new Shop();
        const { proxy, gateway } = await behindProxy(shop);
        proxy[fault]();
        for (const stock of [4, 3, 2]) {
          const begun = performance.now();
          await gateway.stock();
          shop.stock = stock;
          await gateway.cache.changed();
          expect(await gateway.stock()).toBe(stock);
          expect(performance.now() - begun).toBeLessThan(2_000);
        }
        // While it cannot cache, it still asks once for what many want.
        shop.asked = 0;
        await Promise.all(Array.from({ length: 20 }, () => gateway.stock()));
        expect(shop.asked).toBe(2);
        // Nor does anyone join a slow reader who asked before the last write.
        const { closed, open } = gate();
        shop.slow = closed;
        const slowReader = gateway.stock();
        await eventually(() => expect(shop.asked).toBe(4));
        shop.slow = undefined;
        shop.stock = 1;
        await gateway.cache.changed();
        expect(await gateway.stock()).toBe(1);
        open();
        await slowReader;

        proxy.restore();
        await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
        shop.stock = 0;
        await gateway.cache.changed();
        expect(await gateway.stock()).toBe(0);
      },
    );

    it('does not bring back what was before a write that Redis was not told of', async () => {
      const shop = new Shop();
      const { proxy, gateway } = await behindProxy(shop);
      expect(await gateway.stock()).toBe(5);
      proxy.cut();
      shop.stock = 4;
      await gateway.cache.changed();
      proxy.restore();
      await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
      expect(await gateway.stock()).toBe(4);
    });

    it('does not trust a Redis that comes back with old data, or without any', async () => {
      const shop = new Shop();
      const { proxy, gateway, versionKey } = await behindProxy(shop);
      const redis = await createClient({ url: redisUrl }).connect();
      closing.push(() => redis.disconnect());
      expect(await gateway.stock()).toBe(5);
      const oldVersion = (await redis.get(versionKey)) as string;
      shop.stock = 4;
      await gateway.cache.changed();
      expect(await gateway.stock()).toBe(4);

      proxy.cut();
      await redis.set(versionKey, oldVersion);
      proxy.restore();
      await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
      expect(await gateway.stock()).toBe(4);

      await redis.del(versionKey);
      expect(await gateway.stock()).toBe(4);
      shop.stock = 3;
      await gateway.cache.changed();
      await redis.del(versionKey);
      expect(await gateway.stock()).toBe(3);
      await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
    });

    it('does without the cache while Redis can be read, but takes no writes', async () => {
      const shop = new Shop();
      const config = settings();
      afterwardsRemoveKeysOf(config.KEY_PREFIX);
      const redis = await createClient({ url: redisUrl }).connect();
      const user = `test-${randomUUID()}`;
      closing.push(async () => {
        await redis.aclDelUser(user);
        await redis.disconnect();
      });
      await redis.aclSetUser(user, ['on', '>secret', '~*', '+@all']);
      const url = new URL(redisUrl);
      url.username = user;
      url.password = 'secret';
      const gateway = await connected(shop, { ...config, REDIS_URL: url.href });
      await redis.aclSetUser(user, '-set');
      shop.stock = 4;
      await gateway.cache.changed();
      expect(await gateway.stock()).toBe(4);
      await redis.aclSetUser(user, '+set');
      await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
      expect(await gateway.stock()).toBe(4);
    });

    it('starts without Redis, and caches when it has come', async () => {
      const shop = new Shop();
      const proxy = await TcpProxy.listen(redisUrl as string);
      closing.push(() => proxy.close());
      proxy.cut();
      const config = { ...settings(), REDIS_URL: proxy.url };
      afterwardsRemoveKeysOf(config.KEY_PREFIX);
      const gateway = new CachingGateway(shop, config);
      closing.push(() => gateway.close());
      expect(await gateway.stock()).toBe(5);
      proxy.restore();
      await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
    });
  });
