import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { GatewayConfig } from '../config.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { HttpConnection } from '../../test/http-connection.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const start = async (config: Partial<GatewayConfig> = {}) => {
  gateway = await GatewayUnderTest.start({}, config);
};

const JSON_BODY = { 'content-type': 'application/json' };
const operation = (query: string) => ({ method: 'POST', headers: JSON_BODY, payload: { query } }) as const;

describe('every response', () => {
  const ANSWERS = [
    ['an operation', { url: '/graphql', ...operation('{ __typename }') }],
    ['a refused operation', { url: '/graphql', ...operation('{ me { id } }') }],
    ['a body that is not JSON', { url: '/graphql', method: 'POST', headers: JSON_BODY, payload: '{' }],
    ['GraphiQL', { url: '/graphql', method: 'GET', headers: { accept: 'text/html' } }],
    ['an unknown path', { url: '/nothing', method: 'GET' }],
    ['a URL that cannot be decoded', { url: '/%', method: 'GET' }],
    ['health', { url: '/health/live', method: 'GET' }],
  ] as const;

  it.each(ANSWERS)('has security headers: %s', async (_, request) => {
    await start();
    const { headers } = await gateway.app.inject(request);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it.each(ANSWERS)('names its trace: %s', async (_, request) => {
    await start();
    const response = await gateway.app.inject(request);
    expect(response.headers.traceresponse).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
    const traceparent = `00-${randomUUID().replaceAll('-', '')}-b7ad6b7169203331-01`;
    const traced = await gateway.app.inject({
      ...request,
      headers: { ...('headers' in request && request.headers), traceparent },
    });
    const traceId = traceparent.split('-')[1];
    expect(String(traced.headers.traceresponse).split('-')[1]).toBe(traceId);
    const shown = /"traceId":"(\w+)"/.exec(traced.body)?.[1] ?? traceId;
    expect(shown).toBe(traceId);
  });
});

it.each(['/%', '/%ff', 'http:///x'])('treats the URL %j, which cannot be routed, as an unknown path', async (url) => {
  await start({ PORT: 0 });
  const connection = new HttpConnection(gateway);
  connection.write(`GET ${url} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  const [head, body] = (await connection.ended()).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1.1 404 /);
  const extensions = { code: 'BAD_REQUEST', traceId: expect.any(String) };
  expect(JSON.parse(body!)).toEqual({ errors: [{ message: 'Not found: the API is at /graphql', extensions }] });
});

describe('the Host header', () => {
  const BODY = '{"query":"{ __typename }"}';
  const answerTo = async (version: string, host: string, url = '/graphql') => {
    await start({ PORT: 0 });
    const connection = new HttpConnection(gateway);
    connection.write(
      `POST ${url} HTTP/${version}\r\n${host}content-type: application/json\r\nconnection: close\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
    );
    return connection.ended();
  };

  it('may be missing in HTTP/1.0', async () => {
    expect(await answerTo('1.0', '')).toMatch(/^HTTP\/1.1 200 .*"__typename":"Query"/s);
  });

  it.each(['x', 'x:4000', '[::1]:4000', 'shop.example.'])('may be %j', async (host) => {
    expect(await answerTo('1.1', `host: ${host}\r\n`)).toMatch(/^HTTP\/1.1 200 /);
  });

  it.each(['', 'a b', 'a b/c?#@', 'a/b', 'u@x', '[::1', '%'])(
    'is rejected, and not logged, if it is %j',
    async (host) => {
      const errors: unknown[] = [];
      Logger.overrideLogger({ log: () => {}, warn: () => {}, error: (error: unknown) => errors.push(error) });
      try {
        expect(await answerTo('1.1', `host: ${host}\r\n`)).toMatch(/^HTTP\/1.1 400 .*"code":"BAD_REQUEST"/s);
      } finally {
        Logger.overrideLogger(['error', 'fatal']);
      }
      expect(errors).toEqual([]);
    },
  );
});
