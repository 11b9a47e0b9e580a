import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeAll } from '../../test/closing.js';
import { CachingGateway, connected, gate, redisSettings, Shop } from '../../test/product-cache.fixture.js';

afterEach(closeAll);

function rules(start: (shop: Shop) => Promise<CachingGateway>) {
  it('shares one request between concurrent reads, and then answers from the cache', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    expect(await Promise.all(Array.from({ length: 20 }, () => gateway.stock()))).toEqual(Array(20).fill(5));
    await gateway.stock();
    expect(shop.requests).toBe(2);
  });

  it('returns the new data after a write', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    for (const stock of [4, 3, 2]) {
      await gateway.stock();
      shop.stock = stock;
      await gateway.cache.changed();
      expect(await gateway.stock()).toBe(stock);
    }
  });

  it('does not store old data of a slow read', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    const { closed, open } = gate();
    shop.slow = closed;
    const slowRead = gateway.stock();
    await eventually(() => expect(shop.requests).toBe(2));
    shop.slow = undefined;
    shop.stock = 4;
    await gateway.cache.changed();
    expect(await gateway.stock()).toBe(4);
    open();
    expect(await slowRead).toBe(5);
    expect(await gateway.stock()).toBe(4);
  });

  it('does not cache errors', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    shop.slow = Promise.reject(new Error('The product service is unavailable'));
    await expect(gateway.stock()).rejects.toThrow('The product service is unavailable');
    shop.slow = undefined;
    expect(await gateway.stock()).toBe(5);
  });

  it('returns changes by others within a second, and still caches during a flood of changes', async () => {
    const shop = new Shop();
    const gateway = await start(shop);
    await gateway.stock();
    const { requests } = shop;
    for (shop.stock = 500; shop.stock > 0; shop.stock--) {
      void gateway.cache.changedElsewhere();
      await gateway.stock();
    }
    await eventually(async () => expect(await gateway.stock()).toBe(0), 1_000);
    expect(shop.requests - requests).toBeLessThan(100);
  });
}

describe('products cached in memory', () => {
  rules(async (shop) => new CachingGateway(shop));
});

const redisUrl = process.env.TEST_REDIS_URL;

if (redisUrl)
  describe('products cached in Redis', () => {
    rules(async (shop) => {
      const gateway = await connected(shop, redisSettings(redisUrl));
      await gateway.cache.changed();
      return gateway;
    });

    async function twoGateways(shop: Shop) {
      const config = redisSettings(redisUrl as string);
      return [await connected(shop, config), await connected(shop, config)] as const;
    }

    it('shares reads and changes between gateways', async () => {
      const shop = new Shop();
      const [one, other] = await twoGateways(shop);
      await one.cache.changed();
      shop.requests = 0;
      expect(await one.stock()).toBe(5);
      expect(await other.stock()).toBe(5);
      expect(shop.requests).toBe(2);
      shop.stock = 4;
      await one.cache.changed();
      expect(await other.stock()).toBe(4);
    });

    it('does not store old data of a slow read for another gateway', async () => {
      const shop = new Shop();
      const [one, other] = await twoGateways(shop);
      await one.cache.changed();
      shop.requests = 0;
      const { closed, open } = gate();
      shop.slow = closed;
      const slowRead = one.stock();
      await eventually(() => expect(shop.requests).toBe(2));
      shop.slow = undefined;
      shop.stock = 4;
      await other.cache.changed();
      open();
      await slowRead;
      expect([await one.stock(), await other.stock()]).toEqual([4, 4]);
    });
  });
