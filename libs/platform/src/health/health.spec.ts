import { eventually, TcpProxy } from '@app/testing';
import { afterEach, expect, test } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import type { DatabaseServiceConfig } from '../config/service-config.js';
import { PlatformUnderTest } from '../../test/platform-under-test.js';

let platform: PlatformUnderTest;
afterEach(() => platform.close());

async function start(settings: Partial<DatabaseServiceConfig> = {}) {
  platform = await PlatformUnderTest.create();
  return startInstance(settings);
}

async function startBehindProxy() {
  let proxy: TcpProxy;
  platform = await PlatformUnderTest.create(async ({ url }) => (proxy = await TcpProxy.listen(url)).url);
  platform.onClose(() => proxy.close());
  return { ...(await startInstance()), proxy: proxy! };
}

async function startInstance(settings?: Partial<DatabaseServiceConfig>) {
  const app = await platform.start({ settings });
  return { app, get: (path: string) => app.inject({ method: 'GET', url: path }) };
}

test('a service is live and ready, and serves its metrics', async () => {
  const { get } = await start();
  expect((await get('/health/live')).statusCode).toBe(200);
  const ready = await get('/health/ready');
  expect(ready.json()).toMatchObject({ status: 'ok', info: { broker: { status: 'up' }, database: { status: 'up' } } });
  expect((await get('/metrics')).body).toContain('process_cpu_seconds_total{service="user"}');
});

test('without its database, a service is live but not ready, until the database is back', async () => {
  const { get, proxy } = await startBehindProxy();
  proxy.cut();
  const unready = await get('/health/ready');
  expect(unready.statusCode).toBe(503);
  expect(unready.json()).toMatchObject({ error: { database: { status: 'down' } } });
  expect((await get('/health/live')).statusCode).toBe(200);
  proxy.restore();
  await eventually(async () => expect((await get('/health/ready')).statusCode).toBe(200));
});

test('metrics show the dependencies and the use of the database pool', async () => {
  const { get, proxy } = await startBehindProxy();
  const metrics = async () => (await get('/metrics')).body;
  const up = (status: number) => `bazaar_health_status{service="user",dependency="database"} ${status}`;
  await eventually(async () => expect(await metrics()).toContain(up(1)));
  expect(await metrics()).toMatch(/bazaar_database_pool_connections\{service="user",state="idle"\} \d/);
  expect(await metrics()).toContain('bazaar_database_pool_max{service="user"} 10');
  proxy.cut();
  await eventually(async () => expect(await metrics()).toContain(up(0)));
});

test('metrics do not wait for a database that hangs, and show it as down', async () => {
  const { get, proxy } = await startBehindProxy();
  proxy.freeze();
  let isReadyAnswered = false;
  const waiting = get('/health/ready').finally(() => (isReadyAnswered = true));
  expect((await get('/metrics')).statusCode).toBe(200);
  expect(isReadyAnswered).toBe(false);
  expect((await waiting).statusCode).toBe(503);
  expect((await get('/metrics')).body).toContain('bazaar_health_status{service="user",dependency="database"} 0');
  proxy.restore();
  await eventually(async () => expect((await get('/health/ready')).statusCode).toBe(200));
});

test('a service is not ready while no relay publishes its events', async () => {
  platform = await PlatformUnderTest.create();
  const { database } = platform;
  // Holds the relay's lock, as a frozen leader in another instance does.
  const leader = new pg.Client({ connectionString: database.url });
  await leader.connect();
  platform.onClose(() => leader.end());
  await leader.query('select pg_advisory_lock(7391001)');
  const { get } = await startInstance();
  expect((await get('/health/ready')).statusCode).toBe(200);
  await database.query(`insert into outbox (id, type, data, time)
    values (gen_random_uuid(), 'session.ended', '{}', now() - interval '2 minutes')`);
  await eventually(async () =>
    expect((await get('/health/ready')).json()).toMatchObject({
      error: { outbox: { status: 'down', message: expect.stringMatching(/^Events are not published: the oldest/) } },
    }),
  );
  expect((await get('/metrics')).body).toMatch(/bazaar_outbox_oldest_age_seconds\{service="user"\} 1[2-9]\d/);
  await leader.query('select pg_advisory_unlock_all()');
  await eventually(async () => expect((await get('/health/ready')).statusCode).toBe(200));
});

test('a service is ready while all connections of its pool are in use', async () => {
  const { app, get } = await start({ DATABASE_POOL_SIZE: 1 });
  await eventually(async () => expect((await get('/health/ready')).statusCode).toBe(200));
  await app
    .get(MikroORM)
    .em.fork()
    .transactional(async (tx) => {
      await tx.execute('select 1');
      expect((await get('/health/ready')).statusCode).toBe(200);
    });
});
