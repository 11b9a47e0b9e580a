import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { GatewayConfig } from '../config.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const SHOP = 'https://shop.example';
const LOOPBACK = [
  'http://localhost:5173',
  'http://127.0.0.1:5173',
  'http://[::1]:5173',
  'http://shop.localhost',
  'https://localhost',
];
const OTHERS = [
  'https://evil.example',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example:5173',
  'http://evil.example?//localhost:5173',
  'http://localhost:5173.evil.example',
  'http://192.168.0.2:5173',
  'file://',
  'null',
];

let gateway: GatewayUnderTest;
afterAll(() => gateway.close());

const startWith = (config: Partial<GatewayConfig> = {}) =>
  beforeAll(async () => {
    await gateway?.close();
    gateway = await GatewayUnderTest.start({}, { PORT: 0, ...config });
  });

interface Exchange {
  method?: 'GET' | 'POST' | 'OPTIONS';
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Sends a request over HTTP with exactly these headers. */
async function send({ method = 'GET', path = '/graphql', headers = {}, body }: Exchange) {
  const { port } = gateway.app.getHttpServer().address() as AddressInfo;
  const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
  sent.end(body);
  const [response] = await once(sent, 'response');
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode as number, headers: response.headers as Record<string, string>, text };
}

const preflight = (origin: string) =>
  send({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  });

const call = (origin: string) =>
  send({ method: 'POST', headers: { origin, 'content-type': 'application/json' }, body: '{"query":"{ __typename }"}' });

/** The status of a WebSocket handshake, and the answer if it is refused. */
async function connect(origin: string) {
  const { port } = gateway.app.getHttpServer().address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { origin });
  const opened = once(socket, 'open').then(() => ({ status: 101, text: '' }));
  const refused = once(socket, 'unexpected-response').then(async ([, response]) => ({
    status: response.statusCode as number,
    text: (await response.setEncoding('utf8').toArray()).join('') as string,
  }));
  const answer = await Promise.race([opened, refused]);
  socket.on('error', () => {}).terminate();
  return answer;
}

const errorIn = (text: string) => JSON.parse(text).errors[0];
const refusalFor = (origin: string) => ({
  message: `Pages of ${origin} may not call this API. Add the origin to CORS_ORIGINS.`,
  extensions: { code: 'ORIGIN_NOT_ALLOWED', traceId: expect.any(String) },
});

describe('outside of production', () => {
  startWith({ CORS_HEADERS: 'x-tenant, x-datadog-trace-id' });

  it.each(LOOPBACK)('a page of %s may call the API', async (origin) => {
    expect((await preflight(origin)).status).toBe(204);
    for (const { headers } of [await preflight(origin), await call(origin)])
      expect(headers).toMatchObject({ 'access-control-allow-origin': origin, vary: expect.stringContaining('Origin') });
    expect((await connect(origin)).status).toBe(101);
  });

  it.each(OTHERS)('a page of %s may not', async (origin) => {
    const answer = await preflight(origin);
    expect(answer.status).toBe(403);
    expect(errorIn(answer.text)).toEqual(refusalFor(origin));
    for (const { headers } of [answer, await call(origin)])
      expect(headers['access-control-allow-origin']).toBeUndefined();
    const handshake = await connect(origin);
    expect(handshake.status).toBe(403);
    expect(errorIn(handshake.text)).toEqual(refusalFor(origin));
  });

  it('a preflight request allows the headers of GraphQL clients and of tracing, and those in CORS_HEADERS', async () => {
    const { headers } = await preflight('http://localhost:5173');
    expect(headers['access-control-allow-headers']!.split(', ')).toEqual(
      expect.arrayContaining([
        'content-type',
        'authorization',
        'idempotency-key',
        'x-request-id',
        'apollo-require-preflight',
        'x-apollo-operation-name',
        'apollographql-client-name',
        'apollographql-client-version',
        'traceparent',
        'tracestate',
        'baggage',
        'sentry-trace',
        'x-tenant',
        'x-datadog-trace-id',
      ]),
    );
    expect(headers['access-control-allow-methods']).toBe('GET, POST');
    expect(headers['access-control-max-age']).toBe('600');
  });

  it('pages may read the limits and the trace of an answer', async () => {
    const { headers } = await call('http://localhost:5173');
    expect(headers['access-control-expose-headers']!.split(', ')).toEqual(
      expect.arrayContaining(['ratelimit', 'ratelimit-policy', 'retry-after', 'traceresponse']),
    );
  });

  it('an OPTIONS request without an origin names the methods', async () => {
    expect(await send({ method: 'OPTIONS' })).toMatchObject({ status: 204, headers: { allow: 'GET, POST, OPTIONS' } });
  });

  describe('a GET request without a header that needs a preflight', () => {
    const path = '/graphql?query={__typename}';
    const CORS_MODE = { 'sec-fetch-mode': 'cors' };

    it.each([
      ['an allowed page', { ...CORS_MODE, origin: 'http://localhost:5173' }],
      ['an allowed page, over plain HTTP', { origin: 'http://localhost:5173' }],
      ['a page of the same origin, or fetch of Node', CORS_MODE],
    ])('is answered for %s', async (_, headers) => {
      expect(await send({ path, headers })).toMatchObject({
        status: 200,
        text: expect.stringContaining('{"data":{"__typename":"Query"}'),
      });
    });

    it('is rejected for a page of an origin that is not allowed', async () => {
      for (const origin of OTHERS) {
        const { status, text } = await send({ path, headers: { ...CORS_MODE, origin } });
        expect(status).toBe(403);
        expect(errorIn(text)).toEqual(refusalFor(origin));
      }
    });

    it.each([
      ['an image or a form', { 'sec-fetch-mode': 'no-cors' }],
      ['a link', { 'sec-fetch-mode': 'navigate' }],
      ['an old browser', {}],
    ])('is rejected for %s', async (_, headers) => {
      const { status, text } = await send({ path, headers });
      expect(status).toBe(400);
      expect(errorIn(text)).toMatchObject({ extensions: { code: 'BAD_REQUEST' } });
    });
  });
});

describe('in production', () => {
  startWith({ NODE_ENV: 'production', MANAGEMENT_PORT: 0, CORS_ORIGINS: `${SHOP}, http://localhost:3000` });

  it.each([...LOOPBACK, ...OTHERS])(
    'a page of %s may not call the API if CORS_ORIGINS does not list it',
    async (origin) => {
      const answer = await preflight(origin);
      expect(answer.status).toBe(403);
      expect(errorIn(answer.text)).toEqual(refusalFor(origin));
      expect((await call(origin)).headers['access-control-allow-origin']).toBeUndefined();
      expect((await connect(origin)).status).toBe(403);
    },
  );

  it('a page of an origin in CORS_ORIGINS may call the API', async () => {
    for (const origin of [SHOP, 'http://localhost:3000']) {
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBe(origin);
      const { headers } = await call(origin);
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
      expect((await connect(origin)).status).toBe(101);
    }
  });
});
