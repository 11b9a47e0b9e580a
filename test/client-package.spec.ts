import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newCustomer } from './client.js';
import { startStack, type Stack } from './stack.js';

const PROJECT = join(import.meta.dirname, '..');
const DEPENDENCIES = ['@graphql-typed-document-node/core', 'graphql', 'graphql-ws'];

let stack: Stack;
let folder: string;
/** A project that has the package installed. */
let app: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bazaar-client-'));
  stack = await startStack();
  const library = join(folder, 'libs/client');
  await cp(join(PROJECT, 'libs/client'), library, { recursive: true, filter: (source) => !source.endsWith('dist') });
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const [{ filename }] = JSON.parse(await npm(library, 'pack', '--json', '--pack-destination', folder)) as [Pack];
  app = join(folder, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{ "type": "module" }');
  await cp(join(PROJECT, 'examples/client/teapot.ts'), join(app, 'teapot.ts'));
  // Copies of the dependencies: nothing comes from the internet.
  const packages = [join(folder, filename), ...DEPENDENCIES.map((name) => join(PROJECT, 'node_modules', name))];
  await npm(
    app,
    'install',
    '--offline',
    '--cache',
    join(folder, 'cache'),
    '--install-links',
    '--no-audit',
    ...packages,
  );
});

afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Pack {
  filename: string;
}

const npm = (cwd: string, ...args: string[]) =>
  process.env.npm_execpath ? run(cwd, process.execPath, process.env.npm_execpath, ...args) : run(cwd, 'npm', ...args);

/** @returns what a program printed. @throws with that if it fails. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const shell = program === 'npm' && process.platform === 'win32';
  const { stdout } = await promisify(execFile)(program, args, { cwd, shell }).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(error.stdout + error.stderr);
    },
  );
  return stdout;
}

const MISUSES = `
import { BazaarClient, BazaarError, OrderDocument, UpdateOrderStatusDocument } from '@bazaar/client';
const client = new BazaarClient({ url: 'http://127.0.0.1:4000/graphql' });
// @ts-expect-error: the variables are missing
await client.request(OrderDocument);
// @ts-expect-error: not a status
await client.request(UpdateOrderStatusDocument, { id: 'o1', status: 'LOST' });
const { order } = await client.request(OrderDocument, { id: 'o1' });
// @ts-expect-error: may be null
order.total;
// @ts-expect-error: not a code
export const isLost = (error: BazaarError) => error.code === 'LOST';
`;

test('has types, which tell wrong programs from right ones', async () => {
  await writeFile(join(app, 'misuses.ts'), MISUSES);
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--noEmit'];
  expect(await run(app, process.execPath, tsc, ...options, 'teapot.ts', 'misuses.ts')).toBe('');
});

test('runs a program that places an order and follows it', async () => {
  const { email } = await newCustomer(stack.url);
  const program = `import { buyTeapot } from './teapot.ts';
    console.log(JSON.stringify(await buyTeapot(...process.argv.slice(1))))`;
  const args = [`${stack.url}/graphql`, `x${email}`, 'a password'];
  const printed = await run(app, process.execPath, '--input-type=module', '--eval', program, ...args);
  expect(JSON.parse(printed)).toMatchObject({ status: 'PROCESSING', total: 24.99, items: [{ productName: 'Teapot' }] });
});
