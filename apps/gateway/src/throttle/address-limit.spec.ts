import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { closeAll, closeLater } from '../../test/closing.js';
import { query, send, start } from '../../test/rate-limits.fixture.js';

const LIST = '{ products { id name } }';

afterEach(closeAll);

describe('the requests of an address', () => {
  it.each([
    ['invalid documents', { payload: { query: '{ nothing }' } }, 'GRAPHQL_VALIDATION_FAILED'],
    ['documents with syntax errors', { payload: { query: '{' } }, 'GRAPHQL_PARSE_FAILED'],
    ['invalid JSON', { payload: '{' }, 'BAD_REQUEST'],
    ['unknown tokens', { payload: { query: '{ me { id } }' }, token: 'unknown' }, 'UNAUTHENTICATED'],
    ['queries', { payload: { query: '{ __typename }' } }, undefined],
  ])('are all counted: %s', async (_, sent, code) => {
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

  it('are refused before the token is validated', async () => {
    const gateway = await start({ ADDRESS_RATE_LIMIT: 1 });
    await query(gateway, '{ me { id } }', { token: 'a' });
    await query(gateway, '{ me { id } }', { token: 'b' });
    expect(gateway.requests).toEqual(['user.validateToken']);
  });

  it('are counted by the size of their bodies', async () => {
    const gateway = await start({ ADDRESS_RATE_LIMIT: 5 });
    const large = { payload: JSON.stringify({ query: '{ __typename }', large: 'x'.repeat(200_000) }) };
    expect((await send(gateway, large)).status).toBe(200);
    expect((await send(gateway, large)).status).toBe(429);
  });

  it('are counted by IPv6 network, behind trusted proxies', async () => {
    const gateway = await start({ ADDRESS_RATE_LIMIT: 1, TRUST_PROXY: '192.0.2.0/24' });
    const by = (client: string) => query(gateway, LIST, { headers: { 'x-forwarded-for': client } });
    expect((await by('2001:db8:1:1::1')).status).toBe(200);
    expect((await by('2001:db8:1:1::2')).status).toBe(429);
    expect((await by('2001:db8:1:2::1')).status).toBe(200);
  });
});

describe('the sockets of an address', () => {
  const urlOf = (gateway: GatewayUnderTest) => {
    const { port } = gateway.app.getHttpServer().address() as AddressInfo;
    return `ws://127.0.0.1:${port}/graphql`;
  };
  function open(url: string, headers: Record<string, string> = {}) {
    const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
    closeLater(async () => socket.terminate());
    return new Promise<{ socket: WebSocket; status: number; retryAfter?: string }>((resolve) => {
      socket.on('open', () => resolve({ socket, status: 101 }));
      socket.on('unexpected-response', (_request, { statusCode, headers: answered }) =>
        resolve({ socket, status: statusCode!, retryAfter: answered['retry-after'] }),
      );
      socket.on('error', () => resolve({ socket, status: 0 })); // closed without a response
    });
  }

  it('are counted, behind trusted proxies', async () => {
    const gateway = await start({ PORT: 0, ADDRESS_RATE_LIMIT: 1, TRUST_PROXY: 'loopback' });
    const from = (client: string) => open(urlOf(gateway), { 'x-forwarded-for': client });
    expect((await from('203.0.113.1')).status).toBe(101);
    const refused = await from('203.0.113.1');
    expect(refused.status).toBe(429);
    expect(Number(refused.retryAfter)).toBeGreaterThan(0);
    expect((await from('203.0.113.2')).status).toBe(101);
  });

  it('count towards the connections per address', async () => {
    const gateway = await start({ PORT: 0, MAX_CONNECTIONS_PER_ADDRESS: 2 });
    const url = urlOf(gateway);
    const [first, second, third] = [await open(url), await open(url), await open(url)];
    expect([first, second, third].map(({ status }) => status)).toEqual([101, 101, 0]);
    await expect(fetch(url.replace('ws', 'http'))).rejects.toThrow('fetch failed');
    first.socket.terminate();
    await eventually(async () => expect((await open(url)).status).toBe(101));
    expect(second.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('are closed after too many messages', async () => {
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

  it('get an error for too expensive subscriptions', async () => {
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
