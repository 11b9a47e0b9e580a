import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { GraphQLFormattedError } from 'graphql';
import { createClient as createSubscriptions } from 'graphql-ws';
import { WebSocket } from 'ws';
import { closeAll, closeLater } from '../../test/closing.js';
import { jane, query, start } from '../../test/rate-limits.fixture.js';

afterEach(closeAll);

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
  it('counts each root field, and each alias', async () => {
    const gateway = await start({ RATE_LIMIT: 4 });
    const user = `user(id: "${jane.id}") { name }`;
    expect((await query(gateway, `{ a: ${user} b: ${user} c: ${user} }`)).codes).toEqual([]);
    const { codes, data, status } = await query(gateway, `{ d: ${user} e: ${user} f: ${user} }`);
    expect(codes).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
    expect(status).toBe(200);
    expect((await query(gateway, `{ g: ${user} h: ${user} }`)).status).toBe(429);
    expect(data).toEqual({ d: { name: 'Jane' }, e: null, f: null });
  });

  it('is reported in headers, with the seconds until a retry', async () => {
    const gateway = await start({ RATE_LIMIT: 2 });
    const { headers } = await query(gateway, PRODUCTS);
    expect(headers).toMatchObject({ 'ratelimit-policy': '"requests";q=2;w=60', ratelimit: '"requests";r=1;t=60' });
    expect(headers['retry-after']).toBeUndefined();
    await query(gateway, PRODUCTS);
    const refused = await query(gateway, PRODUCTS);
    const retryAfter = Number(refused.headers['retry-after']);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(refused.status).toBe(429);
    expect(refused.headers.ratelimit).toBe(`"requests";r=0;t=${retryAfter}`);
    expect(refused.errors?.[0]).toMatchObject({
      message: `Too many requests: try again in ${retryAfter} s`,
      extensions: { code: 'RATE_LIMITED', retryAfter },
    });
  });

  it('is counted by user from any address, or else by address', async () => {
    const gateway = await start({ RATE_LIMIT: 1 });
    const [one, other] = [gateway.signIn(randomUUID()), gateway.signIn(randomUUID())];
    expect((await query(gateway, PRODUCTS)).codes).toEqual([]);
    expect((await query(gateway, PRODUCTS)).codes).toEqual(['RATE_LIMITED']);
    expect((await query(gateway, PRODUCTS, { from: '192.0.2.2' })).codes).toEqual([]);
    expect((await query(gateway, PRODUCTS, { token: one })).codes).toEqual([]);
    expect((await query(gateway, PRODUCTS, { token: other })).codes).toEqual([]);
    expect((await query(gateway, PRODUCTS, { token: one, from: '192.0.2.3' })).codes).toEqual(['RATE_LIMITED']);
  });

  it('is counted by the /64 network of an IPv6 address', async () => {
    const gateway = await start({ RATE_LIMIT: 1 });
    expect((await query(gateway, PRODUCTS, { from: '2001:db8:1:1::1' })).codes).toEqual([]);
    expect((await query(gateway, PRODUCTS, { from: '2001:db8:1:1:ffff::2' })).codes).toEqual(['RATE_LIMITED']);
    expect((await query(gateway, PRODUCTS, { from: '2001:db8:1:2::1' })).codes).toEqual([]);
  });

  it('trusts X-Forwarded-For of TRUST_PROXY only', async () => {
    const gateway = await start({ RATE_LIMIT: 1, TRUST_PROXY: '192.0.2.0/24' });
    const by = (from: string, client: string) =>
      query(gateway, PRODUCTS, { from, headers: { 'x-forwarded-for': client } });
    expect((await by('192.0.2.1', '203.0.113.1')).codes).toEqual([]);
    expect((await by('192.0.2.2', '203.0.113.1')).codes).toEqual(['RATE_LIMITED']);
    expect((await by('192.0.2.1', '203.0.113.2')).codes).toEqual([]);
    expect((await by('198.51.100.1', '203.0.113.3')).codes).toEqual([]);
    expect((await by('198.51.100.1', '203.0.113.4')).codes).toEqual(['RATE_LIMITED']);
  });

  it('ignores X-Forwarded-For if TRUST_PROXY is not set', async () => {
    const gateway = await start({ RATE_LIMIT: 1 });
    const as = (client: string) => query(gateway, PRODUCTS, { headers: { 'x-forwarded-for': client } });
    expect((await as('203.0.113.1')).codes).toEqual([]);
    expect((await as('203.0.113.2')).codes).toEqual(['RATE_LIMITED']);
  });

  it('has an extra limit for logins, by address, for all users there', async () => {
    const gateway = await start({ LOGIN_RATE_LIMIT: 2 });
    const token = gateway.signIn(randomUUID());
    expect((await query(gateway, LOGIN)).codes).toEqual([]);
    expect((await query(gateway, LOGIN, { token })).codes).toEqual([]);
    expect((await query(gateway, LOGIN)).codes).toEqual(['RATE_LIMITED']);
    for (const login of [
      'mutation { registerUser(input: { name: "J", email: "j@example.com", password: "12345678" }) { id } }',
      'mutation { refreshTokens(refreshToken: "r") { accessToken } }',
      'mutation { changePassword(input: { currentPassword: "a", newPassword: "12345678" }) { accessToken } }',
    ])
      expect((await query(gateway, login, { token })).codes).toEqual(['RATE_LIMITED']);
    expect((await query(gateway, LOGIN, { from: '192.0.2.2' })).codes).toEqual([]);
    expect((await query(gateway, PRODUCTS)).codes).toEqual([]);
  });

  it('is limited by default in production only', async () => {
    const production = await start({ NODE_ENV: 'production' });
    expect(policiesOf((await query(production, LOGIN)).headers)).toEqual({
      'address-requests': 1_200,
      'address-cost': 1_000_000,
      requests: 600,
      cost: 700_000,
      logins: 30,
    });
    const [ADDRESS_RATE_LIMIT, ADDRESS_COST_LIMIT, RATE_LIMIT, COST_LIMIT, LOGIN_RATE_LIMIT] = [0, 0, 0, 0, 0];
    const none = { ADDRESS_RATE_LIMIT, ADDRESS_COST_LIMIT, RATE_LIMIT, COST_LIMIT, LOGIN_RATE_LIMIT };
    const unlimited = await start({ NODE_ENV: 'production', ...none });
    expect((await query(unlimited, LOGIN)).headers['ratelimit-policy']).toBeUndefined();
    expect((await query(await start({}), LOGIN)).headers['ratelimit-policy']).toBeUndefined();
  });

  it('counts subscriptions', async () => {
    const gateway = await start({ RATE_LIMIT: 1, PORT: 0 });
    const { port } = gateway.app.getHttpServer().address() as AddressInfo;
    const client = createSubscriptions({
      url: `ws://127.0.0.1:${port}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${gateway.signIn(randomUUID())}` },
    });
    closeLater(async () => client.dispose());
    const codes: unknown[] = [];
    const refused = (errors: unknown) => codes.push((errors as GraphQLFormattedError[])[0]?.extensions?.code);
    for (let i = 0; i < 2; i++)
      client.subscribe(
        { query: 'subscription { orderUpdated { id } }' },
        { next: ({ errors }) => refused(errors), error: refused, complete: () => {} },
      );
    await eventually(() => expect(codes).toEqual(['RATE_LIMITED']));
  });

  it('does not count health and metrics', async () => {
    const gateway = await start({ RATE_LIMIT: 1 });
    for (const url of ['/health/live', '/health/ready', '/metrics', '/health/live'])
      expect((await gateway.app.inject({ method: 'GET', url })).statusCode).toBe(200);
  });
});
