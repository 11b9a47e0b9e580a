import { eventually, TcpProxy, TestDatabase } from '@app/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Pool, type Client } from 'pg';
import { connectionOptions, DatabaseClient } from './database-client.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.create();
});
afterAll(() => database.drop());

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (cleanups.length) await cleanups.pop()!();
});

async function throughProxy() {
  const proxy = await TcpProxy.listen(database.url);
  cleanups.push(() => proxy.close());
  const pool = new Pool({
    ...connectionOptions({ queryTimeoutMs: 1_000 }),
    Client: DatabaseClient,
    connectionString: proxy.url,
    max: 3,
  });
  pool.on('error', () => undefined);
  cleanups.push(() => pool.end());
  return { proxy, pool };
}

const open = async (queryTimeoutMs = 1_000, url = database.url): Promise<Client> => {
  const client: Client = new DatabaseClient({ ...connectionOptions({ queryTimeoutMs }), connectionString: url });
  await client.connect();
  cleanups.push(() => client.end());
  return client;
};

describe('a database that stops answering', () => {
  test('fails a statement in time and loses its connection', async () => {
    const { proxy, pool } = await throughProxy();
    const client = await pool.connect();
    proxy.freeze();
    const ended = new Promise((resolve) => client.once('end', () => resolve('ended')));
    await expect(client.query('select 1')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(await ended).toBe('ended');
    client.release();
    await eventually(() => expect(pool.totalCount).toBe(0));
  });

  test('does not delay the end of a connection', async () => {
    const { proxy } = await throughProxy();
    const client = await open(1_000, proxy.url);
    proxy.freeze();
    expect(await client.end()).toBeUndefined();
  });

  test('costs a pool one timeout, even if all its connections stay silent', async () => {
    const { proxy, pool } = await throughProxy();
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    for (const client of clients) client.release();
    proxy.failOver(database.url);
    await expect(pool.query('select 1')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const began = performance.now();
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

test('a working server cancels a slow statement, and the connection stays open', async () => {
  const client = await open(500);
  await expect(client.query('select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('a pool does not lend a connection that the server is about to close', async () => {
  const options = { ...connectionOptions({ queryTimeoutMs: 5_000 }), connectionString: database.url };
  const pool = new Pool({ ...options, Client: DatabaseClient, max: 1 });
  pool.on('error', () => undefined);
  cleanups.push(() => pool.end());
  for (let i = 0; i < 20; i++) {
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const slept = client.query('select pg_sleep(5)').finally(() => client.release());
    const next = slept.catch(() => pool.query('select 1 as one'));
    await Promise.all([
      expect(slept).rejects.toMatchObject({ code: '57P01' }),
      expect(next).resolves.toMatchObject({ rows: [{ one: 1 }] }),
      database.query('select pg_terminate_backend($1)', [rows[0]!.pid]),
    ]);
  }
});

test('a read-only database refuses connections, and existing ones end when it becomes read-only', async () => {
  const client = await open();
  await client.query('set default_transaction_read_only = on');
  const ended = new Promise((resolve) => client.once('end', () => resolve('ended')));
  await expect(client.query('create table refused ()')).rejects.toMatchObject({ code: '25006' });
  expect(await ended).toBe('ended');

  await database.setReadOnly(true);
  await expect(open()).rejects.toMatchObject({ code: '25006' });
  await database.setReadOnly(false);
  await open();
});

test('the server ends the session of a lost client', async () => {
  const client = await open();
  const { rows } = await client.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in ('statement_timeout', 'tcp_keepalives_idle') order by name`,
  );
  expect(rows).toEqual([
    { name: 'statement_timeout', setting: '1000' },
    { name: 'tcp_keepalives_idle', setting: '5' },
  ]);
});
