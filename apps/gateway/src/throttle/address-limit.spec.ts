import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { eventually, removeKeys } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { WebSocket } from 'ws';
import type { GatewayConfig } from '../config.js';
import { order, product, user } from '../../test/gateway.fixture.js';
import { type GraphQLAnswer, GatewayUnderTest } from '../../test/gateway-under-test.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closing.length) await closing.pop()?.();
});

const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

async function start(config: Partial<GatewayConfig>): Promise<GatewayUnderTest> {
  const gateway = await GatewayUnderTest.start(
    {
      product: { list: async () => times(20, () => product()), count: async () => 20, page: async () => EMPTY_PAGE },
      user: { getMany: async ({ ids }) => ids.map((id) => user({ id })) },
      order: { place: async ({ caller }) => order({ userId: caller.userId }) },
    },
    config,
  );
  closing.push(() => gateway.close());
  return gateway;
}

interface Sent {
  token?: string;
  from?: string;
  headers?: Record<string, string>;
  payload?: string | object;
}

async function send(gateway: GatewayUnderTest, { token, from = '192.0.2.1', headers, payload }: Sent) {
  const answer = await gateway.app.inject({
    method: 'POST',
    url: '/graphql',
    remoteAddress: from,
    headers: {
      'content-type': 'application/json',
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    payload,
  });
  const { errors } = answer.json<GraphQLAnswer>();
  return { status: answer.statusCode, code: errors?.[0]?.extensions?.code, errors, headers: answer.headers };
}

const ask = (gateway: GatewayUnderTest, query: string, sent: Sent = {}) =>
  send(gateway, { ...sent, payload: { query } });

const EMPTY_PAGE = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};
const LIST = '{ products { id name } }';
const PLACE = `mutation { placeOrder(input: { items: [{ productId: "${randomUUID()}", quantity: 1 }] }) { id } }`;

describe('the requests of an address', () => {
  it.each([
    ['documents that are not valid', { payload: { query: '{ nothing }' } }, 'GRAPHQL_VALIDATION_FAILED'],
    ['documents that cannot be parsed', { payload: { query: '{' } }, 'GRAPHQL_PARSE_FAILED'],
    ['bodies that are not JSON', { payload: '{' }, 'BAD_REQUEST'],
    ['tokens that nobody knows', { payload: { query: '{ me { id } }' }, token: 'unknown' }, 'UNAUTHENTICATED'],
    ['queries', { payload: { query: '{ __typename }' } }, undefined],
  ])('are counted whatever they are: %s', async (_, sent, code) => {
    const gateway = await start({ ADDRESS_RATE_LIMIT: 2 });
    expect((await send(gateway, sent)).code).toBe(code);
    expect((await send(gateway, sent)).code).toBe(code);
    const refused = await send(gateway, sent);
    expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    const retryAfter = Number(refused.headers['retry-after']);
    expect(refused.errors?.[0]).toMatchObject({
      message: `Too many requests from this address: try again in ${retryAfter} s`,
      extensions: { retryAfter, limit: 2, actual: 3, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    expect(refused.headers).toMatchObject({
      'ratelimit-policy': '"address-requests";q=2;w=60',
      ratelimit: `"address-requests";r=0;t=${retryAfter}`,
      'content-type': expect.stringContaining('application/json'),
      'x-content-type-options': 'nosniff',
      traceresponse: expect.any(String),
    });
    expect((await send(gateway, { ...sent, from: '192.0.2.2' })).code).toBe(code);
  });

  it('are refused before a token is looked at', async () => {
    const gateway = await start({ ADDRESS_RATE_LIMIT: 1 });
    await ask(gateway, '{ me { id } }', { token: 'a' });
    await ask(gateway, '{ me { id } }', { token: 'b' });
    expect(gateway.requests).toEqual(['user.validateToken']);
  });

  it('count by the size of their bodies', async () => {
    const gateway = await start({ ADDRESS_RATE_LIMIT: 5 });
    const large = { payload: JSON.stringify({ query: '{ __typename }', large: 'x'.repeat(200_000) }) };
    expect((await send(gateway, large)).status).toBe(200);
    expect((await send(gateway, large)).status).toBe(429);
  });

  it('are those of a network of IPv6, behind proxies that are trusted', async () => {
    const gateway = await start({ ADDRESS_RATE_LIMIT: 1, TRUST_PROXY: '192.0.2.0/24' });
    const by = (client: string) => ask(gateway, LIST, { headers: { 'x-forwarded-for': client } });
    expect((await by('2001:db8:1:1::1')).status).toBe(200);
    expect((await by('2001:db8:1:1::2')).status).toBe(429);
    expect((await by('2001:db8:1:2::1')).status).toBe(200);
  });
});

describe('what the operations of an address cost', () => {
  it('is limited for all who are signed in there together', async () => {
    const gateway = await start({ COST_LIMIT: 10_000, ADDRESS_COST_LIMIT: 12_000 });
    const tokens = times(3, () => gateway.signIn(randomUUID()));
    const codes: unknown[] = [];
    for (let i = 0; i < 12; i++) codes.push((await ask(gateway, LIST, { token: tokens[i % 3]! })).code);
    expect(codes.filter((code) => code === undefined).length).toBeLessThan(12);
    const refused = await ask(gateway, LIST, { token: gateway.signIn(randomUUID()) });
    expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(refused.errors?.[0]?.message).toMatch(/^Too many expensive operations from this address/);
    expect((await ask(gateway, LIST, { from: '192.0.2.2' })).code).toBeUndefined();
  });

  it('is limited for each user wherever they are', async () => {
    const gateway = await start({ COST_LIMIT: 10_000 });
    const token = gateway.signIn(randomUUID());
    const codes = [];
    for (let i = 0; i < 5; i++) codes.push((await ask(gateway, LIST, { token, from: `192.0.2.${i}` })).code);
    expect(codes.slice(-1)).toEqual(['RATE_LIMITED']);
    expect((await ask(gateway, LIST, { token: gateway.signIn(randomUUID()) })).code).toBeUndefined();
  });

  it.each([
    [
      'documents that are not valid',
      () => ({ query: `{ ${times(100, () => `a${randomUUID().slice(0, 8)}`).join(' ')} }` }),
    ],
    [
      'documents that were not known',
      () => ({ query: `{ a${randomUUID().slice(0, 8)}: __typename #${'x'.repeat(2_000)}\n }` }),
    ],
    ['questions about the schema', () => ({ query: '{ __schema { types { fields { name description } } } }' })],
    ['the least that can be asked', () => ({ query: '{ __typename }' })],
  ])('has room for so many: %s', async (_, payload) => {
    const gateway = await start({ ADDRESS_COST_LIMIT: 12_000 });
    const codes: unknown[] = [];
    for (let i = 0; i < 25; i++) codes.push((await send(gateway, { payload: payload() })).code);
    expect(codes[0]).not.toBe('RATE_LIMITED');
    expect(codes.at(-1)).toBe('RATE_LIMITED');
  });

  it('leaves room in production for thirty orders a minute, and for pages of a shop several times a second', async () => {
    const gateway = await start({ NODE_ENV: 'production' });
    const left = ({ headers }: { headers: Record<string, unknown> }) =>
      Number(/"cost";r=(\d+)/.exec(String(headers.ratelimit))?.[1]);
    const token = gateway.signIn(randomUUID());
    const leftAfter = async (query: string) => left(await ask(gateway, query, { token }));
    const before = await leftAfter('{ me { id } }');
    const order = before - (await leftAfter(PLACE));
    expect(30 * order).toBeLessThan(before);
    const NODE = 'edges { node { id name price stock description createdAt updatedAt seller { name } } }';
    const beforePage = await leftAfter('{ me { id } }');
    const page = beforePage - (await leftAfter(`{ productConnection(first: 50) { ${NODE} } }`));
    expect(4 * 60 * page).toBeLessThan(before);
  });
});

describe('the sockets of an address', () => {
  const urlOf = (gateway: GatewayUnderTest) => {
    const { port } = gateway.app.getHttpServer().address() as AddressInfo;
    return `ws://127.0.0.1:${port}/graphql`;
  };
  function open(url: string, headers: Record<string, string> = {}) {
    const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
    closing.push(async () => socket.terminate());
    return new Promise<{ socket: WebSocket; status: number; retryAfter?: string }>((resolve) => {
      socket.on('open', () => resolve({ socket, status: 101 }));
      socket.on('unexpected-response', (_request, { statusCode, headers: answered }) =>
        resolve({ socket, status: statusCode!, retryAfter: answered['retry-after'] }),
      );
      socket.on('error', () => resolve({ socket, status: 0 })); // closed without an answer
    });
  }

  it('are counted, behind proxies that are trusted', async () => {
    const gateway = await start({ PORT: 0, ADDRESS_RATE_LIMIT: 1, TRUST_PROXY: 'loopback' });
    const from = (client: string) => open(urlOf(gateway), { 'x-forwarded-for': client });
    expect((await from('203.0.113.1')).status).toBe(101);
    const refused = await from('203.0.113.1');
    expect(refused.status).toBe(429);
    expect(Number(refused.retryAfter)).toBeGreaterThan(0);
    expect((await from('203.0.113.2')).status).toBe(101);
  });

  it('are connections like others, of which an address has only so many', async () => {
    const gateway = await start({ PORT: 0, MAX_CONNECTIONS_PER_ADDRESS: 2 });
    const url = urlOf(gateway);
    const [first, second, third] = [await open(url), await open(url), await open(url)];
    expect([first, second, third].map(({ status }) => status)).toEqual([101, 101, 0]);
    await expect(fetch(url.replace('ws', 'http'))).rejects.toThrow('fetch failed');
    first.socket.terminate();
    await eventually(async () => expect((await open(url)).status).toBe(101));
    expect(second.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('are closed when they bring too many messages', async () => {
    const gateway = await start({ PORT: 0, ADDRESS_RATE_LIMIT: 50 });
    const { socket } = await open(urlOf(gateway));
    const closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, reason.toString()])));
    const payload = { Authorization: `Bearer ${gateway.signIn(randomUUID())}` };
    const acknowledged = new Promise((resolve) => socket.once('message', resolve));
    socket.send(JSON.stringify({ type: 'connection_init', payload }));
    await acknowledged;
    for (let i = 0; i < 200; i++)
      socket.send(JSON.stringify({ id: String(i), type: 'subscribe', payload: { query: '{ nothing }' } }));
    expect(await closed).toEqual([1013, expect.stringContaining('Too many requests from this address')]);
  });

  it('get an error when what they subscribe to costs too much', async () => {
    const gateway = await start({ PORT: 0, ADDRESS_COST_LIMIT: 1_500 });
    const { socket } = await open(urlOf(gateway));
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(data.toString()));
    const payload = { Authorization: `Bearer ${gateway.signIn(randomUUID())}` };
    socket.send(JSON.stringify({ type: 'connection_init', payload }));
    await eventually(() => expect(messages).toHaveLength(1));
    for (let i = 0; i < 4; i++)
      socket.send(JSON.stringify({ id: String(i), type: 'subscribe', payload: { query: '{ nothing }' } }));
    await eventually(() => expect(messages.filter((message) => message.includes('RATE_LIMITED'))).not.toEqual([]));
  });
});

const redisUrl = process.env.TEST_REDIS_URL;

if (redisUrl)
  it('asks Redis no more about an address that is over its limit', async () => {
    const KEY_PREFIX = `test-${randomUUID()}:`;
    const redis = await createClient({ url: redisUrl }).connect();
    closing.push(
      () => redis.disconnect(),
      () => removeKeys(redisUrl, KEY_PREFIX),
    );
    const gateway = await start({ ADDRESS_RATE_LIMIT: 5, REDIS_URL: redisUrl, KEY_PREFIX });
    const keys = () => redis.keys(`${KEY_PREFIX}rate:*`);
    let client = 0;
    // A gateway that has only just started counts by itself.
    await eventually(async () => {
      await ask(gateway, LIST, { from: `203.0.113.${client++ % 250}` });
      expect(await keys()).not.toEqual([]);
    });
    await redis.del(await keys());
    const statuses = [];
    for (let i = 0; i < 30; i++) statuses.push((await ask(gateway, LIST, { from: '192.0.2.9' })).status);
    expect(statuses).toEqual([...Array(5).fill(200), ...Array(25).fill(429)]);
    expect(await redis.get((await keys())[0]!)).toBe('6');
  });
