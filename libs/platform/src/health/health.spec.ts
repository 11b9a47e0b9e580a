import { users } from '@app/contracts';
import { InProcessTransport } from '@app/messaging';
import { eventually, idleHandlers, TcpProxy, TestDatabase } from '@app/testing';
import { afterEach, expect, test } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import { Module, type INestApplication } from '@nestjs/common';
import pg from 'pg';
import { DatabaseServiceConfig } from '../config/service-config.js';
import { startService } from '../start-service.js';

@Module({ controllers: [idleHandlers('user')] })
class EmptyModule {}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (cleanups.length) await cleanups.pop()!();
});

const apps: INestApplication[] = [];

async function startOn(databaseUrl: string, settings: Partial<DatabaseServiceConfig> = {}) {
  const transport = new InProcessTransport({ databaseUrl });
  cleanups.push(() => transport.close());
  const config = Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: databaseUrl, PORT: 0, ...settings });
  const definition = { name: users.service, module: EmptyModule, database: { entities: [], migrations: [] } };
  const app = await startService(definition, config, transport);
  apps.push(app);
  cleanups.push(() => app.close());
  return (path: string) => app.inject({ method: 'GET', url: path });
}

test('a service is live and ready, creates its own database, and tells its metrics', async () => {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  const get = await startOn(database.url);
  expect((await get('/health/live')).statusCode).toBe(200);
  const ready = await get('/health/ready');
  expect(ready.json()).toMatchObject({ status: 'ok', info: { broker: { status: 'up' }, database: { status: 'up' } } });
  expect((await get('/metrics')).body).toContain('process_cpu_seconds_total{service="user"}');
});

test('a service whose database is away stays live, is not ready, and is again when it is back', async () => {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  const proxy = await TcpProxy.listen(database.url);
  cleanups.push(() => proxy.close());
  const get = await startOn(proxy.url);
  proxy.cut();
  const unready = await get('/health/ready');
  expect(unready.statusCode).toBe(503);
  expect(unready.json()).toMatchObject({ error: { database: { status: 'down' } } });
  expect((await get('/health/live')).statusCode).toBe(200);
  proxy.restore();
  await eventually(async () => expect((await get('/health/ready')).statusCode).toBe(200));
});

test('an operator sees what a service stands on, and how much of its database it uses', async () => {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  const proxy = await TcpProxy.listen(database.url);
  cleanups.push(() => proxy.close());
  const get = await startOn(proxy.url);
  const metrics = async () => (await get('/metrics')).body;
  const up = (status: number) => `bazaar_health_status{service="user",dependency="database"} ${status}`;
  await eventually(async () => expect(await metrics()).toContain(up(1)));
  expect(await metrics()).toMatch(/bazaar_database_pool_connections\{service="user",state="idle"\} \d/);
  expect(await metrics()).toContain('bazaar_database_pool_max{service="user"} 10');
  proxy.cut();
  await eventually(async () => expect(await metrics()).toContain(up(0)));
});

test('a database that hangs holds up no scrape, which tells of it', async () => {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  const proxy = await TcpProxy.listen(database.url);
  cleanups.push(() => proxy.close());
  const get = await startOn(proxy.url);
  proxy.freeze();
  let isAnswered = false;
  const waiting = get('/health/ready').finally(() => (isAnswered = true));
  expect((await get('/metrics')).statusCode).toBe(200);
  expect(isAnswered).toBe(false);
  expect((await waiting).statusCode).toBe(503);
  expect((await get('/metrics')).body).toContain('bazaar_health_status{service="user",dependency="database"} 0');
  proxy.restore();
  await eventually(async () => expect((await get('/health/ready')).statusCode).toBe(200));
});

test('a service is not ready while events wait that no relay publishes', async () => {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  // As a leader that is frozen does, of another instance.
  const leader = new pg.Client({ connectionString: database.url });
  await leader.connect();
  cleanups.push(() => leader.end());
  await leader.query('select pg_advisory_lock(7391001)');
  const get = await startOn(database.url);
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

test('a service is ready though all connections of its pool are busy', async () => {
  const database = await TestDatabase.create();
  cleanups.push(() => database.drop());
  const get = await startOn(database.url, { DATABASE_POOL_SIZE: 1 });
  await eventually(async () => expect((await get('/health/ready')).statusCode).toBe(200));
  const busy = apps.at(-1)!.get(MikroORM).em.fork().execute('select pg_sleep(4)');
  expect((await get('/health/ready')).statusCode).toBe(200);
  await busy;
});
