import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@app/testing';
import { freePorts } from './app-process.js';
import { CopiedProject } from '../tools/schematics/copied-project.js';

const RESOLVER = 'apps/gateway/src/product/product.resolver.ts';
/** Slow machines build and start for long. */
const TIMEOUT_MS = 300_000;

let project: CopiedProject;
let dev: ChildProcess;
let url: string;
let output = '';

beforeAll(async () => {
  project = await CopiedProject.create();
  const [port] = await freePorts(1);
  url = `http://127.0.0.1:${port}/graphql`;
  const { DATABASE_URL: _d, RABBITMQ_URL: _r, REDIS_URL: _c, ...environment } = process.env;
  dev = spawn(process.execPath, ['scripts/dev.ts'], {
    cwd: project.folder,
    env: { ...environment, PORT: port, DATA_DIR: join(project.folder, '.data'), NODE_ENV: 'development' },
  });
  for (const stream of [dev.stdout!, dev.stderr!]) stream.on('data', (chunk) => (output += String(chunk)));
}, TIMEOUT_MS);

afterAll(async () => {
  if (dev?.exitCode === null) {
    dev.kill('SIGTERM');
    await once(dev, 'exit');
  }
  await project?.remove();
}, TIMEOUT_MS);

const send = async (query: string) => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return (await response.json()) as { data: Record<string, unknown> };
};
const descriptions = async () => JSON.stringify(await send('{ __type(name: "Query") { fields { description } } }'));
const save = async (from: string, to: string) => {
  const file = join(project.folder, RESOLVER);
  const source = await readFile(file, 'utf8');
  expect(source).toContain(from);
  await writeFile(file, source.replace(from, to));
};

test(
  'a saved resolver answers, the data stays, and errors are reported while the last good build answers',
  async () => {
    const user = 'registerUser(input: { name: "Ann", email: "ann@example.com", password: "correct horse" }) { id }';
    const registered = await eventually(() => send(`mutation { ${user} }`), TIMEOUT_MS);
    const { id } = registered.data.registerUser as { id: string };

    await save('Public. Answers', 'Public, reloaded. Answers');
    await eventually(async () => expect(await descriptions()).toContain('Public, reloaded.'), TIMEOUT_MS);
    expect(await send(`{ user(id: "${id}") { id } }`)).toMatchObject({ data: { user: { id } } });

    await save('return this.loader.load(operation, id)', 'return this.loader.load(operation, id');
    await eventually(() => expect(output).toContain(RESOLVER), TIMEOUT_MS);
    expect(await descriptions()).toContain('Public, reloaded.');

    await save(
      'return this.loader.load(operation, id',
      'const count: number = "one"; void count; return this.loader.load(operation, id)',
    );
    await eventually(() => expect(output).toMatch(/types \| .*product\.resolver\.ts.*TS2322/), TIMEOUT_MS);

    dev.kill('SIGTERM');
    expect(await once(dev, 'exit')).toEqual([0, null]);
  },
  2 * TIMEOUT_MS,
);
