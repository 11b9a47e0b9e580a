import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Role, type UserDto } from '@app/contracts';
import { eventually, removeKeys, TcpProxy } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { GraphQLFormattedError } from 'graphql';
import { createClient as createSubscriptions } from 'graphql-ws';
import { createClient } from 'redis';
import { WebSocket } from 'ws';
import type { GatewayConfig } from '../config.js';
import { type GraphQLAnswer, GatewayUnderTest } from '../../test/gateway-under-test.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closing.length) await closing.pop()?.();
});

const jane: UserDto = {
  id: randomUUID(),
  name: 'Jane',
  email: 'jane@example.com',
  role: Role.CUSTOMER,
  profile: { bio: '', shippingAddress: '', pincode: '', city: '', country: '', phoneNumber: '' },
  createdAt: '2026-11-22T12:00:00.000Z',
  version: 1,
};

async function start(config: Partial<GatewayConfig>): Promise<GatewayUnderTest> {
  const tokens = { accessToken: 'a', refreshToken: 'r' };
  const gateway = await GatewayUnderTest.start(
    {
      user: { list: async () => [jane], getMany: async () => [jane], login: async () => tokens },
      product: { list: async () => [] },
    },
    config,
  );
  closing.push(() => gateway.close());
  return gateway;
}

interface Asking {
  token?: string;
  from?: string;
  headers?: Record<string, string>;
}

async function ask(gateway: GatewayUnderTest, query: string, { token, from = '192.0.2.1', headers }: Asking = {}) {
  const answer = await gateway.app.inject({
    method: 'POST',
    url: '/graphql',
    remoteAddress: from,
    headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    payload: { query },
  });
  const { data, errors } = answer.json<GraphQLAnswer>();
  const codes = errors?.map(({ extensions }) => extensions?.code) ?? [];
  return { data, codes, errors, status: answer.statusCode, headers: answer.headers };
}

const policiesOf = (headers: Record<string, unknown>) =>
  Object.fromEntries(
    [...String(headers['ratelimit-policy']).matchAll(/"([\w-]+)";q=(\d+);w=60/g)].map(([, name, q]) => [
      name,
      Number(q),
    ]),
  );

const PRODUCTS = '{ products { id } }';
const LOGIN = 'mutation { loginUser(input: { email: "jane@example.com", password: "12345678" }) { accessToken } }';

describe('the rate of a client', () => {
  it('is limited by the queries and mutations it asks for, aliases one by one', async () => {
    const gateway = await start({ RATE_LIMIT: 4 });
    const user = `user(id: "${jane.id}") { name }`;
    expect((await ask(gateway, `{ a: ${user} b: ${user} c: ${user} }`)).codes).toEqual([]);
    const { codes, data, status } = await ask(gateway, `{ d: ${user} e: ${user} f: ${user} }`);
    expect(codes).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
    expect(status).toBe(200);
    expect((await ask(gateway, `{ g: ${user} h: ${user} }`)).status).toBe(429);
    expect(data).toEqual({ d: { name: 'Jane' }, e: null, f: null });
  });

  it('says how much is left, and when to come again', async () => {
    const gateway = await start({ RATE_LIMIT: 2 });
    const { headers } = await ask(gateway, PRODUCTS);
    expect(headers).toMatchObject({ 'ratelimit-policy': '"requests";q=2;w=60', ratelimit: '"requests";r=1;t=60' });
    expect(headers['retry-after']).toBeUndefined();
    await ask(gateway, PRODUCTS);
    const refused = await ask(gateway, PRODUCTS);
    const retryAfter = Number(refused.headers['retry-after']);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(refused.headers.ratelimit).toBe(`"requests";r=0;t=${retryAfter}`);
    expect(refused.status).toBe(429);
    expect(refused.errors?.[0]).toMatchObject({
      message: `Too many requests: try again in ${retryAfter} s`,
      extensions: { code: 'RATE_LIMITED', retryAfter },
    });
  });

  it('is of the user who is signed in, wherever, and else of the address', async () => {
    const gateway = await start({ RATE_LIMIT: 1 });
    const [one, other] = [gateway.signIn(randomUUID()), gateway.signIn(randomUUID())];
    expect((await ask(gateway, PRODUCTS)).codes).toEqual([]);
    expect((await ask(gateway, PRODUCTS)).codes).toEqual(['RATE_LIMITED']);
    expect((await ask(gateway, PRODUCTS, { from: '192.0.2.2' })).codes).toEqual([]);
    expect((await ask(gateway, PRODUCTS, { token: one })).codes).toEqual([]);
    expect((await ask(gateway, PRODUCTS, { token: other })).codes).toEqual([]);
    expect((await ask(gateway, PRODUCTS, { token: one, from: '192.0.2.3' })).codes).toEqual(['RATE_LIMITED']);
  });

  it('is of the whole network of an IPv6 address', async () => {
    const gateway = await start({ RATE_LIMIT: 1 });
    expect((await ask(gateway, PRODUCTS, { from: '2001:db8:1:1::1' })).codes).toEqual([]);
    expect((await ask(gateway, PRODUCTS, { from: '2001:db8:1:1:ffff::2' })).codes).toEqual(['RATE_LIMITED']);
    expect((await ask(gateway, PRODUCTS, { from: '2001:db8:1:2::1' })).codes).toEqual([]);
  });

  it('takes the word of our own proxies alone for who the client is', async () => {
    const gateway = await start({ RATE_LIMIT: 1, TRUST_PROXY: '192.0.2.0/24' });
    const by = (from: string, client: string) =>
      ask(gateway, PRODUCTS, { from, headers: { 'x-forwarded-for': client } });
    expect((await by('192.0.2.1', '203.0.113.1')).codes).toEqual([]);
    expect((await by('192.0.2.2', '203.0.113.1')).codes).toEqual(['RATE_LIMITED']);
    expect((await by('192.0.2.1', '203.0.113.2')).codes).toEqual([]);
    expect((await by('198.51.100.1', '203.0.113.3')).codes).toEqual([]);
    expect((await by('198.51.100.1', '203.0.113.4')).codes).toEqual(['RATE_LIMITED']);
  });

  it("takes nobody's word where no proxy is named", async () => {
    const gateway = await start({ RATE_LIMIT: 1 });
    const as = (client: string) => ask(gateway, PRODUCTS, { headers: { 'x-forwarded-for': client } });
    expect((await as('203.0.113.1')).codes).toEqual([]);
    expect((await as('203.0.113.2')).codes).toEqual(['RATE_LIMITED']);
  });

  it('of logins is limited by address as well, whoever is signed in there', async () => {
    const gateway = await start({ LOGIN_RATE_LIMIT: 2 });
    const token = gateway.signIn(randomUUID());
    expect((await ask(gateway, LOGIN)).codes).toEqual([]);
    expect((await ask(gateway, LOGIN, { token })).codes).toEqual([]);
    expect((await ask(gateway, LOGIN)).codes).toEqual(['RATE_LIMITED']);
    for (const login of [
      'mutation { registerUser(input: { name: "J", email: "j@example.com", password: "12345678" }) { id } }',
      'mutation { refreshTokens(refreshToken: "r") { accessToken } }',
      'mutation { changePassword(input: { currentPassword: "a", newPassword: "12345678" }) { accessToken } }',
    ])
      expect((await ask(gateway, login, { token })).codes).toEqual(['RATE_LIMITED']);
    expect((await ask(gateway, LOGIN, { from: '192.0.2.2' })).codes).toEqual([]);
    expect((await ask(gateway, PRODUCTS)).codes).toEqual([]);
  });

  it('is limited in production unless said otherwise, and elsewhere if said', async () => {
    const production = await start({ NODE_ENV: 'production' });
    expect(policiesOf((await ask(production, LOGIN)).headers)).toEqual({
      'address-requests': 1_200,
      'address-cost': 1_000_000,
      requests: 600,
      cost: 700_000,
      logins: 30,
    });
    const [ADDRESS_RATE_LIMIT, ADDRESS_COST_LIMIT, RATE_LIMIT, COST_LIMIT, LOGIN_RATE_LIMIT] = [0, 0, 0, 0, 0];
    const none = { ADDRESS_RATE_LIMIT, ADDRESS_COST_LIMIT, RATE_LIMIT, COST_LIMIT, LOGIN_RATE_LIMIT };
    const unlimited = await start({ NODE_ENV: 'production', ...none });
    expect((await ask(unlimited, LOGIN)).headers['ratelimit-policy']).toBeUndefined();
    expect((await ask(await start({}), LOGIN)).headers['ratelimit-policy']).toBeUndefined();
  });

  it('counts what is subscribed to as well', async () => {
    const gateway = await start({ RATE_LIMIT: 1, PORT: 0 });
    const { port } = gateway.app.getHttpServer().address() as AddressInfo;
    const client = createSubscriptions({
      url: `ws://127.0.0.1:${port}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${gateway.signIn(randomUUID())}` },
    });
    closing.push(async () => client.dispose());
    const codes: unknown[] = [];
    const refused = (errors: unknown) => codes.push((errors as GraphQLFormattedError[])[0]?.extensions?.code);
    for (let i = 0; i < 2; i++)
      client.subscribe(
        { query: 'subscription { orderUpdated { id } }' },
        { next: ({ errors }) => refused(errors), error: refused, complete: () => {} },
      );
    await eventually(() => expect(codes).toEqual(['RATE_LIMITED']));
  });

  it('has nothing to do with health and metrics', async () => {
    const gateway = await start({ RATE_LIMIT: 1 });
    for (const url of ['/health/live', '/health/ready', '/metrics', '/health/live'])
      expect((await gateway.app.inject({ method: 'GET', url })).statusCode).toBe(200);
  });
});

const redisUrl = process.env.TEST_REDIS_URL;

if (redisUrl)
  describe('the rate of a client, counted in Redis', () => {
    const settings = async () => {
      const KEY_PREFIX = `test-${randomUUID()}:`;
      const redis = await createClient({ url: redisUrl }).connect();
      closing.push(
        () => redis.disconnect(),
        () => removeKeys(redisUrl, KEY_PREFIX),
      );
      const counts = () => redis.keys(`${KEY_PREFIX}rate:*`);
      return { redis, counts, config: { RATE_LIMIT: 20, REDIS_URL: redisUrl, KEY_PREFIX } };
    };
    const left = async (gateway: GatewayUnderTest, from: string) =>
      Number(/r=(\d+)/.exec(String((await ask(gateway, PRODUCTS, { from })).headers.ratelimit))?.[1]);

    /** A gateway that counts in Redis by now; it has not yet where it has only just started. */
    async function counting(config: Partial<GatewayConfig>, counts: () => Promise<string[]>) {
      const gateway = await start(config);
      const before = (await counts()).length;
      let clients = 0;
      await eventually(async () => {
        await left(gateway, `203.0.113.${clients++ % 250}`);
        expect((await counts()).length).toBeGreaterThan(before);
      });
      return gateway;
    }

    it('is one for all gateways, and forgotten by itself', async () => {
      const { config, counts, redis } = await settings();
      const [one, other] = [await counting(config, counts), await counting(config, counts)];
      await redis.del(await counts());
      expect([await left(one, '192.0.2.1'), await left(other, '192.0.2.1'), await left(one, '192.0.2.1')]).toEqual([
        19, 18, 17,
      ]);
      const keys = await counts();
      expect(keys).toHaveLength(1);
      expect(keys[0]).not.toContain('192.0.2.1');
      expect(await redis.pTTL(keys[0]!)).toBeGreaterThan(0);
      // One that has no end, however that came about, gets one.
      await redis.persist(keys[0]!);
      await left(one, '192.0.2.1');
      expect(await redis.pTTL(keys[0]!)).toBeGreaterThan(0);
    });

    it('is limited all the same when all come at once', async () => {
      const { config, counts } = await settings();
      const gateways = [await counting(config, counts), await counting(config, counts)];
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => ask(gateways[i % 2]!, PRODUCTS, { from: '192.0.2.9' })),
      );
      expect(answers.filter(({ codes }) => codes.length === 0)).toHaveLength(20);
    });

    it.each(['cut', 'freeze'] as const)('is counted by each gateway while Redis is gone (%s)', async (fault) => {
      const { config, counts } = await settings();
      const proxy = await TcpProxy.listen(redisUrl);
      closing.push(() => proxy.close());
      const gateway = await counting({ ...config, REDIS_URL: proxy.url }, counts);
      const from = '192.0.2.7';
      expect(await left(gateway, from)).toBe(19);
      proxy[fault]();
      const begun = performance.now();
      for (let i = 19; i >= 0; i--) expect(await left(gateway, from)).toBe(i);
      expect((await ask(gateway, PRODUCTS, { from })).codes).toEqual(['RATE_LIMITED']);
      expect(performance.now() - begun).toBeLessThan(10_000);

      proxy.restore();
      await eventually(async () => expect(await left(gateway, from)).toBeGreaterThan(0));
    });
  });
