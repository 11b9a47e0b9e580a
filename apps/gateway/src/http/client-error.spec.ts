import type { Server } from 'node:http';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { HttpConnection } from '../../test/http-connection.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

describe('a malformed HTTP request gets an error in the format of GraphQL', () => {
  it.each([
    [
      'an incomplete body',
      408,
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{',
      300,
    ],
    ['too large headers', 431, `GET /graphql HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 16_384],
    ['not HTTP', 400, 'HELO x\r\n\r\n', undefined],
  ])('%s', async (_, status, text, limit) => {
    gateway = await GatewayUnderTest.start({}, { PORT: 0, HTTP_REQUEST_TIMEOUT_MS: 300 });
    const connection = new HttpConnection(gateway);
    connection.write(text);
    const [head, body] = (await connection.ended()).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .*application/json`, 's'));
    const traceId = /traceresponse: 00-([0-9a-f]{32})-/.exec(head!)![1];
    const extensions = { code: 'BAD_REQUEST', traceId, ...(limit && { limit }) };
    expect(JSON.parse(body!)).toEqual({ errors: [{ message: expect.any(String), extensions }] });
  });
});

it('answers the requests before the malformed one first', async () => {
  gateway = await GatewayUnderTest.start({}, { PORT: 0 });
  const connection = new HttpConnection(gateway);
  connection.send('{ one: __typename }');
  connection.send('{ two: __typename }');
  connection.write('GARBAGE\r\n\r\n');
  connection.write('GARBAGE\r\n\r\n');
  expect(await connection.ended()).toMatch(
    /^HTTP\/1.1 200 .*"one":"Query".*HTTP\/1.1 200 .*"two":"Query".*HTTP\/1.1 400 .*"BAD_REQUEST"[^H]*$/s,
  );
});

it('logs no error for a client that aborts its request', async () => {
  gateway = await GatewayUnderTest.start({}, { PORT: 0 });
  const errors: unknown[] = [];
  Logger.overrideLogger({ log: () => {}, warn: () => {}, error: (error: unknown) => errors.push(error) });
  try {
    const connection = new HttpConnection(gateway);
    connection.write(
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{ "query": ',
    );
    await eventually(async () => expect(await openConnections()).toBe(1));
    connection.abort();
    await eventually(async () => expect(await openConnections()).toBe(0));
    await gateway.graphql('{ __typename }');
    expect(errors).toEqual([]);
  } finally {
    Logger.overrideLogger(['error', 'fatal']);
  }
});

const openConnections = () =>
  new Promise<number>((resolve, reject) => {
    const server = gateway.app.getHttpServer() as Server;
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
