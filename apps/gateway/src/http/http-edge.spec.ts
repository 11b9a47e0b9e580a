import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { GatewayConfig } from '../config.js';
import { GatewayUnderTest, type Services } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const start = async (config: Partial<GatewayConfig> = {}, services: Partial<Services> = {}) => {
  gateway = await GatewayUnderTest.start(services, config);
};

const JSON_BODY = { 'content-type': 'application/json' };
const operation = (query: string) => ({ method: 'POST', headers: JSON_BODY, payload: { query } }) as const;

describe('every answer', () => {
  const ANSWERS = [
    ['an operation', { url: '/graphql', ...operation('{ __typename }') }],
    ['a refused operation', { url: '/graphql', ...operation('{ me { id } }') }],
    ['a body that is no JSON', { url: '/graphql', method: 'POST', headers: JSON_BODY, payload: '{' }],
    ['GraphiQL', { url: '/graphql', method: 'GET', headers: { accept: 'text/html' } }],
    ['nothing', { url: '/nothing', method: 'GET' }],
    ['health', { url: '/health/live', method: 'GET' }],
  ] as const;

  it.each(ANSWERS)('keeps browsers from doing with it what it is not for: %s', async (_, asked) => {
    await start();
    const { headers } = await gateway.app.inject(asked);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it.each(ANSWERS)('names the trace: %s', async (_, asked) => {
    await start();
    const answer = await gateway.app.inject(asked);
    expect(answer.headers.traceresponse).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
    const traceparent = `00-${randomUUID().replaceAll('-', '')}-b7ad6b7169203331-01`;
    const traced = await gateway.app.inject({
      ...asked,
      headers: { ...('headers' in asked && asked.headers), traceparent },
    });
    const traceId = traceparent.split('-')[1];
    expect(String(traced.headers.traceresponse).split('-')[1]).toBe(traceId);
    const told = /"traceId":"(\w+)"/.exec(traced.body)?.[1] ?? traceId;
    expect(told).toBe(traceId);
  });
});

it('lets the page of GraphiQL run its own scripts, and no others', async () => {
  await start();
  const { body, headers } = await gateway.app.inject({
    url: '/graphql',
    method: 'GET',
    headers: { accept: 'text/html' },
  });
  const allowed = /script-src ([^;]*)/.exec(String(headers['content-security-policy']))?.[1]?.split(' ');
  const scripts: string[] = [];
  const rest = body.replace(/<script>(.*?)<\/script>/gs, (_, script: string) => {
    scripts.push(`'sha256-${createHash('sha256').update(script).digest('base64')}'`);
    return '';
  });
  expect(rest).not.toMatch(/<script|\son\w+=/);
  expect(scripts.length).toBeGreaterThan(0);
  expect(allowed).toEqual(scripts);
});

describe('a page of another site', () => {
  const preflight = (origin: string) =>
    gateway.app.inject({
      method: 'OPTIONS',
      url: '/graphql',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
  const call = (origin: string) =>
    gateway.app.inject({
      url: '/graphql',
      method: 'POST',
      headers: { ...JSON_BODY, origin },
      payload: { query: '{ __typename }' },
    });
  const SHOP = 'https://shop.example';

  it('may not call where none is named', async () => {
    await start();
    expect((await preflight(SHOP)).headers['access-control-allow-origin']).toBeUndefined();
    expect((await call(SHOP)).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('may call where it is named, and no other', async () => {
    await start({ CORS_ORIGINS: `${SHOP}, https://admin.shop.example` });
    const { statusCode, headers } = await preflight(SHOP);
    expect(statusCode).toBe(204);
    expect(headers['access-control-allow-origin']).toBe(SHOP);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    for (const header of [
      'authorization',
      'content-type',
      'apollo-require-preflight',
      'idempotency-key',
      'traceparent',
    ])
      expect(String(headers['access-control-allow-headers'])).toContain(header);
    const answer = await call('https://admin.shop.example');
    expect(answer.headers['access-control-allow-origin']).toBe('https://admin.shop.example');
    expect(answer.headers['access-control-expose-headers']).toContain('retry-after');
    expect(answer.headers['cross-origin-resource-policy']).toBe('cross-origin');
    expect((await preflight('https://shop.example.evil.test')).headers['access-control-allow-origin']).toBeUndefined();
    expect((await call('null')).headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each(['POST', 'GET'] as const)('cannot have a browser send an operation by %s unasked', async (method) => {
    await start({}, { product: { list: async () => [] } });
    const unasked = {
      POST: { payload: '{ "query": "{ products { id } }" }', headers: { 'content-type': 'text/plain' } },
      GET: {},
    };
    const { statusCode, body } = await gateway.app.inject({
      method,
      url: '/graphql?query={products{id}}',
      ...unasked[method],
    });
    expect(statusCode).toBe(400);
    expect(JSON.parse(body).errors[0].extensions.code).toBe('BAD_REQUEST');
    expect(gateway.requests).toEqual([]);
  });
});

describe('what is no GraphQL request', () => {
  it.each([
    ['JSON that is cut off', 400, 'BAD_REQUEST', { method: 'POST', headers: JSON_BODY, payload: '{ "query": ' }],
    ['no body', 400, 'BAD_REQUEST', { method: 'POST', headers: JSON_BODY }],
    [
      'a list of operations',
      400,
      'BAD_REQUEST',
      { method: 'POST', headers: JSON_BODY, payload: '[{ "query": "{ me { id } }" }]' },
    ],
    [
      'another type of body',
      415,
      'BAD_REQUEST',
      { method: 'POST', headers: { 'content-type': 'application/xml' }, payload: '<query/>' },
    ],
    ['a long body', 413, 'PAYLOAD_TOO_LARGE', { method: 'POST', headers: JSON_BODY, payload: ' '.repeat(300_000) }],
    ['another method', 405, 'BAD_REQUEST', { method: 'DELETE' }],
    ['another path', 404, 'BAD_REQUEST', { method: 'POST', url: '/graph', headers: JSON_BODY, payload: '{}' }],
  ] as const)('is answered in the words of GraphQL: %s', async (_, status, code, asked) => {
    await start();
    const answer = await gateway.app.inject({ url: '/graphql', ...asked });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const { errors, ...rest } = answer.json();
    expect(rest).toEqual({});
    expect(errors).toEqual([
      {
        message: expect.any(String),
        extensions: { code, traceId: String(answer.headers.traceresponse).split('-')[1] },
      },
    ]);
  });

  it('leaves health its own words', async () => {
    await start();
    const { statusCode, body } = await gateway.app.inject({ method: 'GET', url: '/health/nothing' });
    expect(statusCode).toBe(404);
    expect((await gateway.app.inject({ method: 'GET', url: '/health/live' })).json()).toEqual({ status: 'ok' });
    expect(body).toContain('BAD_REQUEST');
  });
});

/** One connection, and all that came back on it. */
class Connection {
  received = '';
  private readonly socket: Socket;

  constructor() {
    const { port } = gateway.app.getHttpServer().address() as AddressInfo;
    this.socket = connect(port, '127.0.0.1').setEncoding('utf8');
    this.socket.on('data', (text: string) => (this.received += text));
  }

  send(query: string) {
    const body = JSON.stringify({ query });
    this.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  write(text: string) {
    this.socket.write(text);
  }

  async ended(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, 'close');
    return this.received;
  }

  breakOff() {
    this.socket.destroy();
  }
}

it('answers what has arrived while it stops, and closes the connection', async () => {
  let finish = () => {};
  const slow = new Promise<void>((resolve) => (finish = resolve));
  await start({ PORT: 0 }, { product: { list: () => slow.then(() => []) } });
  const connection = new Connection();
  connection.send('{ products { id } }');
  await eventually(() => expect(gateway.requests).toEqual(['product.list']));
  const closed = gateway.app.close();
  await eventually(() => expect(gateway.app.getHttpServer().listening).toBe(false));
  finish();
  expect(await connection.ended()).toMatch(/^HTTP\/1.1 200 OK.*connection: close.*\{"data":\{"products":\[\]\}\}/s);
  await closed;
});

it('answers operations as ever while clients leave', async () => {
  const list = async () => [];
  await start({ PORT: 0, SHUTDOWN_DELAY_MS: 500 }, { product: { list } });
  const { port } = gateway.app.getHttpServer().address() as AddressInfo;
  const closed = gateway.app.close();
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: JSON_BODY,
    body: '{ "query": "{ products { id } }" }',
  });
  expect(await answer.json()).toEqual({ data: { products: [] } });
  expect(answer.headers.get('connection')).toBe('close');
  await closed;
});

describe('what arrives badly is answered in the words of GraphQL', () => {
  it.each([
    [
      'a body that is never complete',
      408,
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{',
      300,
    ],
    ['headers that are too large', 431, `GET /graphql HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 16_384],
    ['what is not HTTP', 400, 'HELO x\r\n\r\n', undefined],
  ])('%s', async (_, status, text, limit) => {
    await start({ PORT: 0, HTTP_REQUEST_TIMEOUT_MS: 300 });
    const connection = new Connection();
    connection.write(text);
    const [head, body] = (await connection.ended()).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .*application/json`, 's'));
    expect(JSON.parse(body!)).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST', ...(limit && { limit }) } }],
    });
  });
});

it('takes a client that breaks off for no fault of ours', async () => {
  await start({ PORT: 0 });
  const faults: unknown[] = [];
  Logger.overrideLogger({ log: () => {}, warn: () => {}, error: (fault: unknown) => faults.push(fault) });
  try {
    const connection = new Connection();
    connection.write(
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{ "query": ',
    );
    await eventually(async () => expect(await openConnections()).toBe(1));
    connection.breakOff();
    await eventually(async () => expect(await openConnections()).toBe(0));
    await gateway.app.inject({ url: '/graphql', ...operation('{ __typename }') });
    expect(faults).toEqual([]);
  } finally {
    Logger.overrideLogger(['error', 'fatal']);
  }
});

const openConnections = () =>
  new Promise<number>((resolve, reject) => {
    const server = gateway.app.getHttpServer() as Server;
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
