// The real stack: a process for each service, on databases, queues and keys of its own. Nothing of them is left afterwards.
import { connect } from 'amqplib';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createClient } from 'redis';
import { absentServices, urls } from '../scripts/backing-services.mjs';
import { build, entryOf, fail, services, start } from '../scripts/workspace.mjs';

const READY_MS = 180_000;

/**
 * @param options of every service: those of Node, such as `--import`, what is added to the environment, and the file descriptor
 * that their logs go to
 */
export async function startStack({ nodeOptions = [], environment = {}, output = 2 } = {}) {
  build();
  const absent = await absentServices();
  if (absent.length > 0) fail(absent.map(({ what, run }) => `${what}. To start it:\n  ${run}`).join('\n'));

  const name = `bench_${randomBytes(4).toString('hex')}`;
  const own = { RABBITMQ_PREFIX: `${name}.`, KEY_PREFIX: `${name}:`, LOG_LEVEL: 'warn', REQUEST_TIMEOUT_MS: '60000' };
  const apps = {};
  const server = environment.DATABASE_URL ?? urls.DATABASE_URL;
  const databaseUrl = (service) => Object.assign(new URL(server), { pathname: `/${name}_${service}` }).href;
  const run = (service, PORT) => {
    const env = { ...process.env, ...urls, ...own, ...environment, DATABASE_URL: databaseUrl(service), PORT };
    const stdio = ['ignore', output, output, 'ipc'];
    const app = start([...nodeOptions, entryOf(service)], { env, stdio, serialization: 'advanced' });
    apps[service] = { ...app, url: `http://127.0.0.1:${PORT}` };
    return ready(apps[service]);
  };
  const stop = async () => {
    for (const { child } of Object.values(apps)) child.kill('SIGTERM');
    await Promise.all(Object.values(apps).map(({ ended }) => ended));
    await removeDatabases(services.map((service) => `${name}_${service}`));
    await removeQueues(own.RABBITMQ_PREFIX);
    await removeKeys(own.KEY_PREFIX);
  };
  try {
    const ports = await Promise.all(services.map(freePort));
    await Promise.all(services.map((service, i) => run(service, ports[i])));
  } catch (error) {
    await stop();
    throw error;
  }
  /** Starts a service that has ended once more, where it was. */
  const restart = (service) => run(service, new URL(apps[service].url).port);
  return { name, apps, url: apps.gateway.url, databaseUrl, restart, stop };
}

/** An operation's data. @param headers of every request, if any. @throws what it was refused with. */
export async function ask({ url, headers }, query, { token, ...variables } = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers, ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${errors[0].message} (${errors[0].extensions?.code}): ${query}`);
  return data;
}

/** Registers somebody new, who may be made an admin, and signs them in. */
export async function signIn(stack, role = 'CUSTOMER') {
  const email = `${randomBytes(6).toString('hex')}@example.com`;
  const input = { email, password: randomBytes(12).toString('hex') };
  const register = 'mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }';
  const { registerUser } = await ask(stack, register, { input: { ...input, name: 'Bench' } });
  const db = await connected(stack.databaseUrl('user'));
  await db.query('update users set role = $1 where email = $2', [role, email]);
  await db.end();
  const logIn = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken } }';
  return { id: registerUser.id, token: (await ask(stack, logIn, { input })).loginUser.accessToken };
}

export async function connected(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function ready({ child, url }) {
  for (const deadline = Date.now() + READY_MS; ; await sleep(50)) {
    const { ok } = await fetch(`${url}/health/ready`).catch(() => ({ ok: false }));
    if (ok) return;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${child.spawnargs.at(-1)} does not get ready`);
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await once(server.close(), 'close');
  return String(port);
}

async function removeDatabases(names) {
  const client = await connected(urls.DATABASE_URL);
  for (const name of names) await client.query(`drop database if exists ${name} with (force)`);
  await client.end();
}

async function removeQueues(prefix) {
  const connection = await connect(urls.RABBITMQ_URL);
  const channel = await connection.createChannel();
  const retries = ['retry.1000', 'retry.10000', 'retry.60000'];
  const ofServices = services.flatMap((service) =>
    ['requests', 'events', 'events.dead'].map((kind) => `${service}.${kind}`),
  );
  for (const queue of [...ofServices, ...retries]) await channel.deleteQueue(prefix + queue);
  for (const exchange of ['events', ...retries]) await channel.deleteExchange(prefix + exchange);
  await connection.close();
}

async function removeKeys(prefix) {
  const client = await createClient({ url: urls.REDIS_URL }).connect();
  for await (const key of client.scanIterator({ MATCH: `${prefix}*` })) await client.del(key);
  await client.disconnect();
}
