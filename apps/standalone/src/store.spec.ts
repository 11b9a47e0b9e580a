import { EmbeddedPostgres } from '@app/embedded-postgres';
import { eventually, TcpProxy } from '@app/testing';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { StandaloneConfig } from './config.js';
import { Store } from './store.js';

let folder: string;
let server: EmbeddedPostgres;
let proxy: TcpProxy;
let store: Store;
let stop: jest.SpiedFunction<(signal: string) => void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bazaar-store-'));
  server = await EmbeddedPostgres.start(folder);
  proxy = await TcpProxy.listen(server.url('postgres'));
  store = await open(proxy.url, 'this process');
  stop = jest.spyOn(process as unknown as { emit: (signal: string) => void }, 'emit').mockReturnValue();
});

afterEach(async () => {
  stop.mockRestore();
  await store.close();
  await proxy.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

const open = (DATABASE_URL: string, holder: string) =>
  Store.open(Object.assign(new StandaloneConfig(), { DATABASE_URL }), holder);

async function holder(): Promise<string | undefined> {
  const other = await open(server.url('postgres'), 'another process');
  await other.close();
  return other.heldBy;
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const lockingPid = async () =>
  (await query(`select pid from pg_locks where locktype = 'advisory' and granted`))[0]?.pid;

test('one process holds the store, and others see which', async () => {
  expect(store.heldBy).toBeUndefined();
  expect(await holder()).toBe('this process');
});

test.each([
  ['ends', (pid: unknown) => query(`select pg_terminate_backend(${String(pid)})`)],
  ['is silent, as after a failover,', async () => proxy.failOver(server.url('postgres'))],
])('a lock whose connection %s is taken again over a new one', async (_, lose) => {
  const before = await lockingPid();
  await lose(before);
  await eventually(async () => {
    const pid = await lockingPid();
    expect(pid).toEqual(expect.any(Number));
    expect(pid).not.toBe(before);
  });
  expect(await holder()).toBe('this process');
  expect(stop).not.toHaveBeenCalledWith('SIGTERM');
});

test('a process that has lost the store to another one stops', async () => {
  proxy.cut();
  const other = await eventually(async () => {
    const opened = await open(server.url('postgres'), 'another process');
    if (opened.heldBy === undefined) return opened;
    await opened.close();
    throw new Error(`The store is still held by ${opened.heldBy}`);
  });
  proxy.restore();
  await eventually(() => expect(stop).toHaveBeenCalledWith('SIGTERM'));
  expect(store.heldBy).toBe('another process');
  await other.close();
});
