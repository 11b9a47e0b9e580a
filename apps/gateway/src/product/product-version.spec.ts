import { randomUUID } from 'node:crypto';
import { eventually, TcpProxy } from '@app/testing';
import { afterEach, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { closeAll, closeLater } from '../../test/closing.js';
import { CachingGateway, connected, gate, redisSettings, Shop } from '../../test/product-cache.fixture.js';

/** jest.config.mjs runs this spec on the stack with Redis only. */
const redisUrl = process.env.TEST_REDIS_URL!;

afterEach(closeAll);

async function behindProxy(shop: Shop) {
  const proxy = await TcpProxy.listen(redisUrl);
  closeLater(() => proxy.close());
  const config = redisSettings(redisUrl);
  const gateway = await connected(shop, { ...config, REDIS_URL: proxy.url });
  return { proxy, gateway, versionKey: `${config.KEY_PREFIX}products:version` };
}

it.each(['cut', 'freeze'] as const)(
  'returns current data without delay while Redis is unavailable (%s), and caches again afterwards',
  async (failure) => {
    const shop = new Shop();
    const { proxy, gateway } = await behindProxy(shop);
    proxy[failure]();
    for (const stock of [4, 3, 2]) {
      const startedAt = performance.now();
      await gateway.stock();
      shop.stock = stock;
      await gateway.cache.changed();
      expect(await gateway.stock()).toBe(stock);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
    // Without the cache, concurrent reads still share one request.
    shop.requests = 0;
    await Promise.all(Array.from({ length: 20 }, () => gateway.stock()));
    expect(shop.requests).toBe(2);
    // A read after a write does not share a slow request from before the write.
    const { closed, open } = gate();
    shop.slow = closed;
    const slowRead = gateway.stock();
    await eventually(() => expect(shop.requests).toBe(4));
    shop.slow = undefined;
    shop.stock = 1;
    await gateway.cache.changed();
    expect(await gateway.stock()).toBe(1);
    open();
    await slowRead;

    proxy.restore();
    await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
    shop.stock = 0;
    await gateway.cache.changed();
    expect(await gateway.stock()).toBe(0);
  },
);

it('does not return the data from before a write during which Redis was unavailable', async () => {
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

it('does not trust the version of a Redis that restarts with old data or empty', async () => {
  const shop = new Shop();
  const { proxy, gateway, versionKey } = await behindProxy(shop);
  const redis = await createClient({ url: redisUrl }).connect();
  closeLater(() => redis.disconnect());
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

it('does not use the cache while Redis refuses writes', async () => {
  const shop = new Shop();
  const config = redisSettings(redisUrl);
  const redis = await createClient({ url: redisUrl }).connect();
  const user = `test-${randomUUID()}`;
  closeLater(async () => {
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

it('starts without Redis, and caches once it is available', async () => {
  const shop = new Shop();
  const proxy = await TcpProxy.listen(redisUrl);
  closeLater(() => proxy.close());
  proxy.cut();
  const gateway = new CachingGateway(shop, { ...redisSettings(redisUrl), REDIS_URL: proxy.url });
  expect(await gateway.stock()).toBe(5);
  proxy.restore();
  await eventually(async () => expect(await gateway.caches(shop)).toBe(true));
});
