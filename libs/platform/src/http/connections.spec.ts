import { users } from '@app/contracts';
import { InProcessTransport } from '@app/messaging';
import { eventually, idleHandlers, TestDatabase } from '@app/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { register } from 'prom-client';
import { DatabaseServiceConfig } from '../config/service-config.js';
import { startService } from '../start-service.js';
import { clientAt } from './connections.js';

/** More than the kernel takes for a client that does not read. */
const LARGE = 'x'.repeat(32 * 2 ** 20);

let release: () => void;
let held: Promise<void>;
let requests: number;

@Controller()
class TestController {
  @Post('echo')
  echo(@Body() body: unknown) {
    return body;
  }

  @Get('large')
  large() {
    return LARGE;
  }

  @Get('held')
  async held() {
    requests++;
    await held;
    return 'released';
  }
}

@Module({ controllers: [TestController, idleHandlers('user')] })
class ServiceModule {}

let app: NestFastifyApplication;
let port: number;
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  requests = 0;
  held = new Promise((resolve) => (release = resolve));
});

afterEach(async () => {
  release();
  while (cleanups.length) await cleanups.pop()!();
});

class TestConfig extends DatabaseServiceConfig {
  proxies: string[] = [];

  override get trustedProxies() {
    return this.proxies;
  }
}

async function start(settings: Partial<TestConfig>): Promise<void> {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  const transport = new InProcessTransport({ databaseUrl: database.url });
  cleanups.push(() => transport.close());
  const config = Object.assign(new TestConfig(), { DATABASE_URL: database.url, PORT: 0, ...settings });
  const definition = { name: users.service, module: ServiceModule, database: { entities: [], migrations: [] } };
  app = await startService(definition, config, transport);
  cleanups.push(() => app.close());
  ({ port } = app.getHttpServer().address() as AddressInfo);
}

/** A client on one connection, which keeps what it has received. */
class Client {
  received = '';
  readonly closed: Promise<unknown>;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('utf8').on('data', (text: string) => (this.received += text));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  static async connect(): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new Client(socket);
    cleanups.push(() => socket.destroy());
    return client;
  }

  get(path: string): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  }

  /** Sends a request and waits for its answer. */
  async answerTo(path: string): Promise<string> {
    const before = this.received.length;
    const answered = once(this.socket, 'data');
    this.get(path);
    await answered;
    return this.received.slice(before);
  }
}

const refusedBy = async (limit: string) => {
  const metrics = await register.getMetricsAsJSON();
  const values = metrics.find(({ name }) => name === 'bazaar_http_connections_refused_total')?.values ?? [];
  return values.find(({ labels }) => labels.limit === limit)?.value;
};

describe('a connection is closed', () => {
  test('when it sends nothing', async () => {
    await start({ HTTP_REQUEST_TIMEOUT_MS: 200 });
    const client = await Client.connect();
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
    await start({ HTTP_REQUEST_TIMEOUT_MS: 300 });
    const client = await Client.connect();
    client.socket.write(head);
    const trickle = setInterval(() => client.socket.write(more), 20);
    await client.closed;
    clearInterval(trickle);
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
  });

  test('when it does not read its answer', async () => {
    await start({ HTTP_RESPONSE_TIMEOUT_MS: 300 });
    const client = await Client.connect();
    client.socket.pause();
    client.get('/large');
    await eventually(async () => expect(await openConnections()).toBe(0));
  });

  test('when it reads its answer too slowly to end in time', async () => {
    await start({ HTTP_RESPONSE_TIMEOUT_MS: 500 });
    const client = await Client.connect();
    client.socket.pause();
    client.get('/large');
    const trickle = setInterval(() => client.socket.read(1_000), 20);
    await eventually(async () => expect(await openConnections()).toBe(0));
    clearInterval(trickle);
  });

  test('when it has been idle for the keep-alive timeout', async () => {
    await start({ KEEP_ALIVE_TIMEOUT_MS: 1_000 });
    const client = await Client.connect();
    expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 .*keep-alive: timeout=1\r\n/is);
    await client.closed;
  });
});

describe('a connection stays open', () => {
  test('while its request is being worked on, for longer than all other time limits', async () => {
    await start({ HTTP_REQUEST_TIMEOUT_MS: 100, HTTP_RESPONSE_TIMEOUT_MS: 100 });
    const client = await Client.connect();
    client.get('/held');
    await sleep(1_500);
    release();
    await eventually(() => expect(client.received).toMatch(/^HTTP\/1.1 200 .*released$/s));
  });

  test('while a body arrives that was refused for its size', async () => {
    await start({});
    const client = await Client.connect();
    const size = 8 * 2 ** 20;
    client.socket.write(
      `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\n\r\n`,
    );
    await eventually(() => expect(client.received).toMatch(/^HTTP\/1.1 413 /));
    client.socket.write(' '.repeat(size));
    client.get('/health/live');
    await eventually(() => expect(client.received).toMatch(/HTTP\/1.1 200 /));
  });

  test('between requests, for longer than proxies keep theirs', async () => {
    await start({ HTTP_REQUEST_TIMEOUT_MS: 100, HTTP_RESPONSE_TIMEOUT_MS: 100 });
    const client = await Client.connect();
    expect(await client.answerTo('/health/live')).toMatch(/keep-alive: timeout=620\r\n/i);
    await sleep(1_500);
    expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('connections beyond a limit are closed on arrival', () => {
  const LIMIT = 3;

  test.each([
    ['of all clients', 'total', { MAX_CONNECTIONS: LIMIT }],
    ['of one address', 'address', { MAX_CONNECTIONS_PER_ADDRESS: LIMIT }],
  ] as const)('%s, and counted', async (_, limit, settings) => {
    await start(settings);
    const before = (await refusedBy(limit))!;
    const clients = await connected(LIMIT);
    const beyond = await Client.connect();
    await beyond.closed;
    expect(await refusedBy(limit)).toBe(before + 1);
    for (const client of clients) expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 /);

    clients[0]!.socket.destroy();
    await eventually(async () => expect(await openConnections()).toBe(LIMIT - 1));
    expect(await (await Client.connect()).answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 /);
  });

  test('and are counted from 0, for a rate to see the first', async () => {
    register.resetMetrics();
    await start({});
    expect([await refusedBy('total'), await refusedBy('address')]).toEqual([0, 0]);
  });

  test('but not those of a proxy, which holds many', async () => {
    await start({ MAX_CONNECTIONS_PER_ADDRESS: LIMIT, proxies: ['loopback'] });
    for (const client of await connected(LIMIT + 2)) expect(await client.answerTo('/health/live')).toContain('200 OK');
  });
});

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['2001:db8::1', '2001:db8:0:0:1::', true],
  ['2001:db8::1', '2001:db8:0:1::1', false],
  ['::1', '::2', true],
  ['fe80::1%eth0', 'fe80::2%eth0', true],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
  ['192.0.2.1', '192.0.2.2', false],
])('%s and %s are one client: %s', (one, other, areOne) => {
  expect(clientAt(one) === clientAt(other)).toBe(areOne);
});

const connected = (count: number) => Promise.all(Array.from({ length: count }, () => Client.connect()));

describe('on shutdown', () => {
  test('requests are answered until the delay has passed, with Connection: close', async () => {
    await start({ SHUTDOWN_DELAY_MS: 1_000 });
    const idle = await Client.connect();
    await idle.answerTo('/health/live');
    const closing = app.close();
    await eventually(async () => expect((await app.inject('/health/ready')).statusCode).toBe(503));
    for (const client of [idle, await Client.connect()])
      expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 .*connection: close\r\n/is);
    await closing;
    await expect(Client.connect()).rejects.toThrow('ECONNREFUSED');
  });

  test('a request that has arrived is answered, and ends its connection', async () => {
    await start({ SHUTDOWN_DELAY_MS: 0 });
    const client = await Client.connect();
    client.get('/held');
    await eventually(() => expect(requests).toBe(1));
    const began = performance.now();
    const closing = app.close();
    await eventually(() => expect(app.getHttpServer().listening).toBe(false));
    release();
    await closing;
    expect(client.received).toMatch(/^HTTP\/1.1 200 .*connection: close\r\n.*released$/is);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('a connection that is idle or silent does not hold it up', async () => {
    await start({ SHUTDOWN_DELAY_MS: 0 });
    const idle = await Client.connect();
    await idle.answerTo('/health/live');
    const silent = await Client.connect();
    const began = performance.now();
    await app.close();
    expect(performance.now() - began).toBeLessThan(5_000);
    await Promise.all([idle.closed, silent.closed]);
  });
});

const openConnections = () =>
  new Promise<number>((resolve, reject) => {
    app
      .getHttpServer()
      .getConnections((error: Error | null, count: number) => (error ? reject(error) : resolve(count)));
  });
