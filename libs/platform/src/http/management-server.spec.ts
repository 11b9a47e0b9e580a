import { users } from '@app/contracts';
import { InProcessTransport } from '@app/messaging';
import { idleHandlers, TestDatabase } from '@app/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { DatabaseServiceConfig } from '../config/service-config.js';
import { startService } from '../start-service.js';

@Controller()
class PublicController {
  @Get('api')
  api() {
    return 'for all';
  }
}

@Module({ controllers: [PublicController, idleHandlers('user')] })
class ServiceModule {}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (cleanups.length) await cleanups.pop()!();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

let app: Awaited<ReturnType<typeof startService>>;
let PORT: number;
let MANAGEMENT_PORT: number;

beforeEach(async () => {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  const transport = new InProcessTransport({ databaseUrl: database.url });
  cleanups.push(() => transport.close());
  [PORT, MANAGEMENT_PORT] = [await freePort(), await freePort()];
  const config = Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: database.url, PORT, MANAGEMENT_PORT });
  const definition = { name: users.service, module: ServiceModule, database: { entities: [], migrations: [] } };
  app = await startService(definition, config, transport);
  cleanups.push(() => app.close());
});

/** The status of the answer to a request line as it is written here: no client has cleaned it up. */
async function status(port: number, target: string, method = 'GET'): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${method} ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  return Number((await text(socket)).split(' ')[1]);
}

const ROUTES = ['/health/live', '/health/started', '/health/ready', '/metrics'];

/** Other ways to write a path that some router, proxy or filter takes for the same. */
const spellings = (path: string) => [
  path,
  `${path}?`,
  `${path}?x=1`,
  `${path}/`,
  `${path};x=1`,
  `${path}#x`,
  `/${path}`,
  `/.${path}`,
  `/api/..${path}`,
  `http://x${path}`,
  `http://127.0.0.1:${MANAGEMENT_PORT}${path}`,
  path.toUpperCase(),
  path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  path.replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  path.replace(/[a-z]/, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
  path.replaceAll('/', '%2f'),
  path.replaceAll('/', '\\'),
];

test('health and metrics answer at the management port, and nothing else does', async () => {
  for (const path of ROUTES) expect([path, await status(MANAGEMENT_PORT, path)]).toEqual([path, 200]);
  for (const path of ['/', '/api', '/graphql', '/health'])
    expect([path, await status(MANAGEMENT_PORT, path)]).toEqual([path, 404]);
  expect(await status(PORT, '/api')).toBe(200);

  await app.close();
  await expect(status(MANAGEMENT_PORT, '/health/live')).rejects.toThrow('ECONNREFUSED');
});

test('no spelling of their paths reaches them at the public port', async () => {
  const answered: unknown[] = [];
  for (const target of ROUTES.flatMap(spellings))
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST']) {
      const code = await status(PORT, target, method);
      if (code !== 404 && code !== 400) answered.push([method, target, code]);
    }
  expect(answered).toEqual([]);
});
