import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { PlatformUnderTest } from '../../test/platform-under-test.js';

@Controller()
class PublicController {
  @Get('api')
  api() {
    return 'public';
  }
}

@Module({ controllers: [PublicController] })
class ServiceModule {}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

let platform: PlatformUnderTest;
let app: NestFastifyApplication;
let PORT: number;
let MANAGEMENT_PORT: number;

beforeEach(async () => {
  platform = await PlatformUnderTest.create();
  [PORT, MANAGEMENT_PORT] = [await freePort(), await freePort()];
  app = await platform.start({ module: ServiceModule, settings: { PORT, MANAGEMENT_PORT } });
});
afterEach(() => platform.close());

/** The response status for exactly this request line: HTTP clients would normalize the path. */
async function status(port: number, target: string, method = 'GET'): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${method} ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  return Number((await text(socket)).split(' ')[1]);
}

const ROUTES = ['/health/live', '/health/started', '/health/ready', '/metrics'];

/** Other spellings of a path that some router, proxy or filter treats as the same. */
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

test('the management port serves health and metrics, and nothing else', async () => {
  for (const path of ROUTES) expect([path, await status(MANAGEMENT_PORT, path)]).toEqual([path, 200]);
  for (const path of ['/', '/api', '/graphql', '/health'])
    expect([path, await status(MANAGEMENT_PORT, path)]).toEqual([path, 404]);
  expect(await status(PORT, '/api')).toBe(200);

  await app.close();
  await expect(status(MANAGEMENT_PORT, '/health/live')).rejects.toThrow('ECONNREFUSED');
});

test('the public port serves neither, whatever the spelling of the path', async () => {
  const answered: unknown[] = [];
  for (const target of ROUTES.flatMap(spellings))
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST']) {
      const code = await status(PORT, target, method);
      if (code !== 404 && code !== 400) answered.push([method, target, code]);
    }
  expect(answered).toEqual([]);
});
