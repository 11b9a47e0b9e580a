import { users } from '@app/contracts';
import { InProcessTransport } from '@app/messaging';
import { TestDatabase } from '@app/testing';
import { afterEach, expect, test } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { DatabaseServiceConfig } from './config/service-config.js';
import { startService } from './start-service.js';

@Controller()
class PublicController {
  @Get('api')
  api() {
    return 'for all';
  }
}

@Module({ controllers: [PublicController] })
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

test('health and metrics at a port of their own are there alone, and nothing else is', async () => {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  const transport = new InProcessTransport({ databaseUrl: database.url });
  cleanups.push(() => transport.close());
  const [PORT, MANAGEMENT_PORT] = [await freePort(), await freePort()];
  const config = Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: database.url, PORT, MANAGEMENT_PORT });
  const definition = { name: users.service, module: ServiceModule, database: { entities: [], migrations: [] } };
  const app = await startService(definition, config, transport);
  const status = async (port: number, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;

  for (const path of ['/health/live', '/health/started', '/health/ready', '/metrics']) {
    expect([path, await status(MANAGEMENT_PORT, path)]).toEqual([path, 200]);
    expect([path, await status(PORT, path)]).toEqual([path, 404]);
    expect([path, await status(PORT, `${path}?`)]).toEqual([path, 404]);
  }
  expect(await status(PORT, '/api')).toBe(200);
  expect(await status(MANAGEMENT_PORT, '/api')).toBe(404);

  await app.close();
  await expect(fetch(`http://127.0.0.1:${MANAGEMENT_PORT}/health/live`)).rejects.toThrow('fetch failed');
});
