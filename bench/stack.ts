// The real stack: a process for each app, on databases, queues and keys of its own. Nothing of them remains afterwards.
import { connect } from 'amqplib';
import type { StdioOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createClient } from 'redis';
import { APPS, SERVICES, type AppName } from '../libs/contracts/src/services.ts';
import { absentServices, databaseOf, urls } from '../scripts/backing-services.ts';
import { build, entryOf, fail, start, type Program } from '../scripts/workspace.ts';

const READY_TIMEOUT_MS = 180_000;

export type App = Program & { url: string };

export interface StackOptions {
  /** Options of each app's Node, for example `--import`. */
  nodeOptions?: string[];
  /** Variables of each app. */
  environment?: Record<string, string>;
  /** The file descriptor that the logs go to. */
  output?: number;
}

/** An API, and headers for every request to it. */
export interface Api {
  url: string;
  headers?: Record<string, string>;
}

export type Stack = Awaited<ReturnType<typeof startStack>>;
export type Variables = Record<string, unknown> & { token?: string };

export async function startStack({ nodeOptions = [], environment = {}, output = 2 }: StackOptions = {}) {
  build();
  const absent = await absentServices();
  if (absent.length > 0) fail(absent.map(({ what, run }) => `${what}. To start it:\n  ${run}`).join('\n'));

  const name = `bench_${randomBytes(4).toString('hex')}`;
  const own = { RABBITMQ_PREFIX: `${name}.`, KEY_PREFIX: `${name}:`, LOG_LEVEL: 'warn', REQUEST_TIMEOUT_MS: '60000' };
  const databaseUrl = (app: AppName) => databaseOf(`${name}_${app}`, environment.DATABASE_URL);
  const run = (app: AppName, PORT: string): App => {
    const env = { ...process.env, ...urls, ...own, ...environment, DATABASE_URL: databaseUrl(app), PORT };
    const stdio: StdioOptions = ['ignore', output, output, 'ipc'];
    const program = start([...nodeOptions, entryOf(app)], { env, stdio, serialization: 'advanced' });
    return { ...program, url: `http://127.0.0.1:${PORT}` };
  };
  const running = await Promise.all(APPS.map(async (app) => [app, run(app, await freePort())] as const));
  const apps = Object.fromEntries(running) as Record<AppName, App>;
  const stop = async () => {
    for (const { child } of Object.values(apps)) child.kill('SIGTERM');
    await Promise.all(Object.values(apps).map(({ ended }) => ended));
    await removeDatabases(APPS.map((app) => `${name}_${app}`));
    await removeQueues(own.RABBITMQ_PREFIX);
    await removeKeys(own.KEY_PREFIX);
  };
  try {
    await Promise.all(Object.values(apps).map(ready));
  } catch (error) {
    await stop();
    throw error;
  }
  /** Starts an app that has ended again, at the same port. */
  const restart = async (app: AppName) => {
    apps[app] = run(app, new URL(apps[app].url).port);
    await ready(apps[app]);
  };
  return { name, apps, url: apps.gateway.url, databaseUrl, restart, stop };
}

/** An operation's data. @throws the error that rejects it. */
export async function ask<T>({ url, headers }: Api, query: string, { token, ...variables }: Variables = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers, ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as {
    data: T;
    errors?: { message: string; extensions?: { code: string } }[];
  };
  if (errors) throw new Error(`${errors[0]?.message} (${errors[0]?.extensions?.code}): ${query}`);
  return data;
}

/** Somebody who is logged in. */
export interface Person {
  id: string;
  token: string;
}

/** Registers a new user and logs them in. */
export async function signIn(stack: Stack & Api, role = 'CUSTOMER'): Promise<Person> {
  const email = `${randomBytes(6).toString('hex')}@example.com`;
  const input = { email, password: randomBytes(12).toString('hex') };
  const register = 'mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }';
  const { registerUser } = await ask<{ registerUser: { id: string } }>(stack, register, {
    input: { ...input, name: 'Bench' },
  });
  const db = await connected(stack.databaseUrl('user'));
  await db.query('update users set role = $1 where email = $2', [role, email]);
  await db.end();
  const logIn = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken } }';
  const { loginUser } = await ask<{ loginUser: { accessToken: string } }>(stack, logIn, { input });
  return { id: registerUser.id, token: loginUser.accessToken };
}

export async function createProduct(stack: Api, { token }: Person, input: object): Promise<string> {
  const create = 'mutation ($input: ProductInput!) { createProduct(input: $input) { id } }';
  return (await ask<{ createProduct: { id: string } }>(stack, create, { token, input })).createProduct.id;
}

export async function connected(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function ready({ child, url }: App) {
  for (const deadline = Date.now() + READY_TIMEOUT_MS; ; await sleep(50)) {
    const { ok } = await fetch(`${url}/health/ready`).catch(() => ({ ok: false }));
    if (ok) return;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${child.spawnargs.at(-1)} does not become ready`);
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return String(port);
}

async function removeDatabases(names: string[]) {
  const client = await connected(urls.DATABASE_URL);
  for (const name of names) await client.query(`drop database if exists ${name} with (force)`);
  await client.end();
}

async function removeQueues(prefix: string) {
  const connection = await connect(urls.RABBITMQ_URL);
  const channel = await connection.createChannel();
  const retries = ['retry.1000', 'retry.10000', 'retry.60000'];
  const ofServices = SERVICES.flatMap((service) =>
    ['requests', 'events', 'events.dead'].map((kind) => `${service}.${kind}`),
  );
  for (const queue of [...ofServices, ...retries]) await channel.deleteQueue(prefix + queue);
  for (const exchange of ['events', ...retries]) await channel.deleteExchange(prefix + exchange);
  await connection.close();
}

async function removeKeys(prefix: string) {
  const client = await createClient({ url: urls.REDIS_URL }).connect();
  for await (const key of client.scanIterator({ MATCH: `${prefix}*` })) await client.del(key);
  await client.disconnect();
}
