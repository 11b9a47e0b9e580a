import { loadConfig } from '@app/platform';
import { describe, expect, it } from '@jest/globals';
import { GatewayConfig } from './config.js';

const read = (env: Record<string, string>) => loadConfig(GatewayConfig, env);

describe('the trusted proxies', () => {
  it('are those in the list, by default none', () => {
    expect(read({}).http.trustProxy).toBe(false);
    expect(read({ TRUST_PROXY: '10.0.0.0/8, 2001:db8::/32,loopback,192.0.2.1' }).http.trustProxy).toEqual([
      '10.0.0.0/8',
      '2001:db8::/32',
      'loopback',
      '192.0.2.1',
    ]);
  });

  it.each(['true', '1', '*', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/8,', '::1/129', 'proxy.example'])(
    'cannot be %s',
    (list) => {
      expect(() => read({ TRUST_PROXY: list })).toThrow('TRUST_PROXY must list addresses and networks');
    },
  );
});

describe('the origins that may call from a browser', () => {
  it('are those in the list, by default none', () => {
    expect(read({}).corsOrigins).toEqual([]);
    expect(read({ CORS_ORIGINS: 'https://shop.example, http://localhost:3000' }).corsOrigins).toEqual([
      'https://shop.example',
      'http://localhost:3000',
    ]);
  });

  it.each([
    '*',
    'null',
    'shop.example',
    'https://shop.example/',
    'https://*.shop.example/x',
    'ftp://shop.example',
    'https://a.example,',
  ])('cannot be %s', (list) => {
    expect(() => read({ CORS_ORIGINS: list })).toThrow('CORS_ORIGINS must list origins');
  });
});

describe('the headers that those pages may send', () => {
  it('are those in the list, by default none', () => {
    expect(read({}).corsHeaders).toEqual([]);
    expect(read({ CORS_HEADERS: 'x-tenant, X-Datadog-Trace-Id' }).corsHeaders).toEqual([
      'x-tenant',
      'X-Datadog-Trace-Id',
    ]);
  });

  it.each(['x tenant', 'x-tenant,', 'x:y', 'é'])('cannot be %s', (list) => {
    expect(() => read({ CORS_HEADERS: list })).toThrow('CORS_HEADERS must list names of headers');
  });
});

describe('the rate limits', () => {
  const none = { requests: 0, cost: 0, logins: 0, 'address-requests': 0, 'address-cost': 0 };
  const production = {
    requests: 600,
    cost: 700_000,
    logins: 30,
    'address-requests': 1_200,
    'address-cost': 1_000_000,
  };

  it.each([
    [{}, none],
    [{ NODE_ENV: 'production' }, production],
    [
      { NODE_ENV: 'production', RATE_LIMIT: '0', ADDRESS_COST_LIMIT: '0' },
      { ...production, requests: 0, 'address-cost': 0 },
    ],
    [
      { RATE_LIMIT: '100', LOGIN_RATE_LIMIT: '5' },
      { ...none, requests: 100, logins: 5 },
    ],
    [
      { COST_LIMIT: '1000', ADDRESS_RATE_LIMIT: '10', ADDRESS_COST_LIMIT: '2000' },
      { ...none, cost: 1_000, 'address-requests': 10, 'address-cost': 2_000 },
    ],
  ])('of %j are %j', (env, limits) => {
    const secrets = { RABBITMQ_URL: 'amqp://bazaar:Xq3nv8@127.0.0.1', REDIS_URL: 'redis://:Xq3nv8@127.0.0.1' };
    expect(read({ ...secrets, ...env }).rateLimits).toEqual(limits);
  });

  it.each(['-1', '1.5', 'many', '1e10'])('cannot be %s', (limit) => {
    expect(() => read({ RATE_LIMIT: limit, COST_LIMIT: limit })).toThrow(/ RATE_LIMIT must[^]* COST_LIMIT must/);
  });
});

it.each(['MAX_SOCKETS_PER_USER', 'MAX_SUBSCRIPTIONS_PER_SOCKET'] as const)('%s is 1 to 1000', (name) => {
  expect(read({ [name]: '1' })[name]).toBe(1);
  expect(read({ [name]: '1000' })[name]).toBe(1000);
  for (const value of ['0', '1001', '1.5', 'many']) expect(() => read({ [name]: value })).toThrow(`${name} must`);
});
