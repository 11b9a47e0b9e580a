import { randomUUID } from 'node:crypto';
import { eventually, removeKeys, TcpProxy } from '@app/testing';
import { afterEach, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import type { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { closeAll, closeLater } from '../../test/closing.js';
import { query, start } from '../../test/rate-limits.fixture.js';
import type { GatewayConfig } from '../config.js';

/** jest.config.mjs runs this spec on the stack with Redis only. */
const redisUrl = process.env.TEST_REDIS_URL!;

const PRODUCTS = '{ products { id } }';

afterEach(closeAll);

async function settings() {
  const KEY_PREFIX = `test-${randomUUID()}:`;
  const redis = await createClient({ url: redisUrl }).connect();
  closeLater(() => redis.disconnect());
  closeLater(() => removeKeys(redisUrl, KEY_PREFIX));
  const counts = () => redis.keys(`${KEY_PREFIX}rate:*`);
  return { redis, counts, config: { RATE_LIMIT: 20, REDIS_URL: redisUrl, KEY_PREFIX } };
}
const remaining = async (gateway: GatewayUnderTest, from: string) =>
  Number(/r=(\d+)/.exec(String((await query(gateway, PRODUCTS, { from })).headers.ratelimit))?.[1]);

/** A gateway that counts in Redis already; one that has just started counts by itself. */
async function counting(config: Partial<GatewayConfig>, counts: () => Promise<string[]>) {
  const gateway = await start(config);
  const before = (await counts()).length;
  let clients = 0;
  await eventually(async () => {
    await remaining(gateway, `203.0.113.${clients++ % 250}`);
    expect((await counts()).length).toBeGreaterThan(before);
  });
  return gateway;
}

it('counts the requests to all gateways together, in keys that expire', async () => {
  const { config, counts, redis } = await settings();
  const [one, other] = [await counting(config, counts), await counting(config, counts)];
  await redis.del(await counts());
  expect([
    await remaining(one, '192.0.2.1'),
    await remaining(other, '192.0.2.1'),
    await remaining(one, '192.0.2.1'),
  ]).toEqual([19, 18, 17]);
  const keys = await counts();
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toContain('192.0.2.1');
  expect(await redis.pTTL(keys[0]!)).toBeGreaterThan(0);
  // A key without an expiry gets one.
  await redis.persist(keys[0]!);
  await remaining(one, '192.0.2.1');
  expect(await redis.pTTL(keys[0]!)).toBeGreaterThan(0);
});

it('counts concurrent requests correctly', async () => {
  const { config, counts } = await settings();
  const gateways = [await counting(config, counts), await counting(config, counts)];
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => query(gateways[i % 2]!, PRODUCTS, { from: '192.0.2.9' })),
  );
  expect(answers.filter(({ codes }) => codes.length === 0)).toHaveLength(20);
});

it.each(['cut', 'freeze'] as const)('counts by each gateway while Redis is unavailable (%s)', async (failure) => {
  const { config, counts } = await settings();
  const proxy = await TcpProxy.listen(redisUrl);
  closeLater(() => proxy.close());
  const gateway = await counting({ ...config, REDIS_URL: proxy.url }, counts);
  const from = '192.0.2.7';
  expect(await remaining(gateway, from)).toBe(19);
  proxy[failure]();
  const startedAt = performance.now();
  for (let i = 19; i >= 0; i--) expect(await remaining(gateway, from)).toBe(i);
  expect((await query(gateway, PRODUCTS, { from })).codes).toEqual(['RATE_LIMITED']);
  expect(performance.now() - startedAt).toBeLessThan(10_000);

  proxy.restore();
  await eventually(async () => expect(await remaining(gateway, from)).toBeGreaterThan(0));
});

it('does not send requests of a client over its limit to Redis', async () => {
  const { config, counts, redis } = await settings();
  const gateway = await counting({ ...config, RATE_LIMIT: 0, ADDRESS_RATE_LIMIT: 5 }, counts);
  await redis.del(await counts());
  const statuses = [];
  for (let i = 0; i < 30; i++) statuses.push((await query(gateway, PRODUCTS, { from: '192.0.2.9' })).status);
  expect(statuses).toEqual([...Array(5).fill(200), ...Array(25).fill(429)]);
  expect(await redis.get((await counts())[0]!)).toBe('6');
});
