import { eventually } from '@app/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { register } from 'prom-client';
import { HttpUnderTest } from '../../test/http-under-test.js';

let http: HttpUnderTest;
afterEach(() => http?.close());

describe('a connection is closed', () => {
  test('when it sends nothing', async () => {
    http = await HttpUnderTest.start({ HTTP_REQUEST_TIMEOUT_MS: 200 });
    const client = await http.connect();
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
  });

  test.each([
    ['its headers trickle in', 'GET /held HTTP/1.1\r\n', 'x-filler: x\r\n'],
    [
      'its body trickles in',
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n',
      ' ',
    ],
  ])('when %s', async (_, head, more) => {
    http = await HttpUnderTest.start({ HTTP_REQUEST_TIMEOUT_MS: 300 });
    const client = await http.connect();
    client.socket.write(head);
    const trickle = setInterval(() => client.socket.write(more), 20);
    await client.closed;
    clearInterval(trickle);
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
  });

  test('when it does not read the response', async () => {
    http = await HttpUnderTest.start({ HTTP_RESPONSE_TIMEOUT_MS: 300 });
    const client = await http.connect();
    client.socket.pause();
    client.get('/large');
    await eventually(async () => expect(await http.openConnections()).toBe(0));
  });

  test('when it reads the response too slowly', async () => {
    http = await HttpUnderTest.start({ HTTP_RESPONSE_TIMEOUT_MS: 500 });
    const client = await http.connect();
    client.socket.pause();
    client.get('/large');
    const trickle = setInterval(() => client.socket.read(1_000), 20);
    await eventually(async () => expect(await http.openConnections()).toBe(0));
    clearInterval(trickle);
  });

  test('when it has been idle for the keep-alive timeout', async () => {
    http = await HttpUnderTest.start({ KEEP_ALIVE_TIMEOUT_MS: 1_000 });
    const client = await http.connect();
    expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 .*keep-alive: timeout=1\r\n/is);
    await client.closed;
  });
});

describe('a connection stays open', () => {
  test('while its request is in progress, for longer than all other timeouts', async () => {
    http = await HttpUnderTest.start({ HTTP_REQUEST_TIMEOUT_MS: 100, HTTP_RESPONSE_TIMEOUT_MS: 100 });
    const client = await http.connect();
    client.get('/held');
    await sleep(1_500);
    http.release();
    await eventually(() => expect(client.received).toMatch(/^HTTP\/1.1 200 .*released$/s));
  });

  test('while it sends a body that was rejected for its size', async () => {
    http = await HttpUnderTest.start({});
    const client = await http.connect();
    const size = 8 * 2 ** 20;
    client.socket.write(
      `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\n\r\n`,
    );
    await eventually(() => expect(client.received).toMatch(/^HTTP\/1.1 413 /));
    client.socket.write(' '.repeat(size));
    client.get('/health/live');
    await eventually(() => expect(client.received).toMatch(/HTTP\/1.1 200 /));
  });

  test('between requests, for longer than the timeouts of proxies', async () => {
    http = await HttpUnderTest.start({ HTTP_REQUEST_TIMEOUT_MS: 100, HTTP_RESPONSE_TIMEOUT_MS: 100 });
    const client = await http.connect();
    expect(await client.answerTo('/health/live')).toMatch(/keep-alive: timeout=620\r\n/i);
    await sleep(1_500);
    expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('connections above a limit are closed on arrival', () => {
  const LIMIT = 3;

  test.each([
    ['of all clients together', 'total', { MAX_CONNECTIONS: LIMIT }],
    ['of one address', 'address', { MAX_CONNECTIONS_PER_ADDRESS: LIMIT }],
  ] as const)('%s, and counted', async (_, limit, settings) => {
    http = await HttpUnderTest.start(settings);
    const before = (await closedBy(limit))!;
    const clients = await http.connectMany(LIMIT);
    const excess = await http.connect();
    await excess.closed;
    expect(await closedBy(limit)).toBe(before + 1);
    for (const client of clients) expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 /);

    clients[0]!.socket.destroy();
    await eventually(async () => expect(await http.openConnections()).toBe(LIMIT - 1));
    expect(await (await http.connect()).answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 /);
  });

  test('and their counters start at 0', async () => {
    register.resetMetrics();
    http = await HttpUnderTest.start({});
    expect([await closedBy('total'), await closedBy('address')]).toEqual([0, 0]);
  });

  test('except those of a trusted proxy', async () => {
    http = await HttpUnderTest.start({ MAX_CONNECTIONS_PER_ADDRESS: LIMIT, proxies: ['loopback'] });
    for (const client of await http.connectMany(LIMIT + 2))
      expect(await client.answerTo('/health/live')).toContain('200 OK');
  });
});

describe('on shutdown', () => {
  test('requests are answered until the delay has passed, with Connection: close', async () => {
    http = await HttpUnderTest.start({ SHUTDOWN_DELAY_MS: 1_000 });
    const idle = await http.connect();
    await idle.answerTo('/health/live');
    const closing = http.app.close();
    await eventually(async () => expect((await http.app.inject('/health/ready')).statusCode).toBe(503));
    for (const client of [idle, await http.connect()])
      expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 .*connection: close\r\n/is);
    await closing;
    await expect(http.connect()).rejects.toThrow('ECONNREFUSED');
  });

  test('a request that has arrived is answered, and its connection closes', async () => {
    http = await HttpUnderTest.start({ SHUTDOWN_DELAY_MS: 0 });
    const client = await http.connect();
    client.get('/held');
    await eventually(() => expect(http.heldRequests).toBe(1));
    const began = performance.now();
    const closing = http.app.close();
    await eventually(() => expect(http.app.getHttpServer().listening).toBe(false));
    http.release();
    await closing;
    expect(client.received).toMatch(/^HTTP\/1.1 200 .*connection: close\r\n.*released$/is);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('idle and silent connections do not delay it', async () => {
    http = await HttpUnderTest.start({ SHUTDOWN_DELAY_MS: 0 });
    const idle = await http.connect();
    await idle.answerTo('/health/live');
    const silent = await http.connect();
    const began = performance.now();
    await http.app.close();
    expect(performance.now() - began).toBeLessThan(5_000);
    await Promise.all([idle.closed, silent.closed]);
  });
});

const closedBy = async (limit: string) => {
  const metrics = await register.getMetricsAsJSON();
  const values = metrics.find(({ name }) => name === 'bazaar_http_connections_refused_total')?.values ?? [];
  return values.find(({ labels }) => labels.limit === limit)?.value;
};
