import { eventually, TestDatabase } from '@app/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { register } from 'prom-client';
import { DatabaseServiceConfig } from '../config/service-config.js';
import { ormOptions } from './database.js';

/** No statement times out during a test. */
const settings = {
  DATABASE_POOL_SIZE: 4,
  DATABASE_LOCK_TIMEOUT_MS: 60_000,
  DATABASE_QUERY_TIMEOUT_MS: 60_000,
};
const WRITERS = 3;
const UPDATE = 'update stock set units = units - 1 where id = 1';

let database: TestDatabase;
let orm: MikroORM;
let outsider: pg.Client;

beforeAll(async () => {
  database = await TestDatabase.create();
  await database.query('create table stock (id int primary key, units int)');
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.query('delete from stock');
  await database.query('insert into stock values (1, 100), (2, 100)');
  const config = Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: database.url, ...settings });
  orm = await MikroORM.init(ormOptions('user', { entities: [], migrations: [] }, config));
  outsider = new pg.Client({ connectionString: database.url });
  await outsider.connect();
});
afterEach(async () => {
  await outsider.end();
  await orm.close();
});

const em = () => orm.em.fork();
const units = async () => (await em().execute<{ units: number }[]>('select units from stock order by id'))[0]!.units;
async function lock() {
  await outsider.query('begin');
  await outsider.query('select from stock where id = 1 for update');
}
const blocked = async () => {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0',
  );
  return row!.count;
};

test.each([
  ['transactions', () => em().transactional((tx) => tx.execute(UPDATE))],
  ['single statements', () => em().execute(UPDATE)],
])('%s that wait for a row leave a connection for reads, and those without a turn fail', async (_, write) => {
  await lock();
  const writes = Array.from({ length: 24 }, () => write());
  await eventually(async () => expect(await blocked()).toBe(WRITERS));
  expect(await units()).toBe(100);
  expect(await register.getSingleMetricAsString('bazaar_database_pool_waiting')).toMatch(/{service="user"} 21$/m);
  const refused = await Promise.all(writes.slice(WRITERS).map((waiting) => waiting.catch((error: unknown) => error)));
  expect(refused).toEqual(refused.map(() => expect.objectContaining({ code: 'ETIMEDOUT' })));
  expect(await blocked()).toBe(WRITERS);
  await outsider.query('rollback');
  await Promise.all(writes.slice(0, WRITERS));
  await Promise.all(Array.from({ length: 24 }, () => write()));
  expect(await units()).toBe(100 - WRITERS - 24);
});

test('a nested transaction needs no turn of its own', async () => {
  const nested = () => em().transactional((tx) => tx.transactional((inner) => inner.execute(UPDATE)));
  await Promise.all(Array.from({ length: 12 }, nested));
  expect(await units()).toBe(88);
});

test('a failed transaction returns its turn, also when its connection is lost', async () => {
  const fail = () =>
    em().transactional(async (tx) => {
      await tx.execute(UPDATE);
      throw new Error('no');
    });
  const crash = () => em().transactional((tx) => tx.execute('select pg_terminate_backend(pg_backend_pid())'));
  for (const task of [fail, crash]) await Promise.allSettled(Array.from({ length: 2 * WRITERS }, () => task()));
  await Promise.all(Array.from({ length: 12 }, () => em().transactional((tx) => tx.execute(UPDATE))));
  expect(await units()).toBe(88);
});
