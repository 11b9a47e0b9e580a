// npm run test:compose: builds the images, brings docker-compose.yml up as a project of its own with two containers of each app, runs
// the whole-system suite against it, then kills containers under load, and removes it all. Arguments go to Jest.
//   --keep    leaves the containers running, and uses those that do
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { build, fail, install, root, say, start } from './workspace.mjs';

const SCALE = ['gateway', 'user', 'product', 'order'].flatMap((service) => ['--scale', `${service}=2`]);
const PORTS = ['RABBITMQ_MANAGEMENT_PORT', 'PROMETHEUS_PORT', 'GRAFANA_PORT', 'JAEGER_PORT'];

const keep = process.argv.includes('--keep');
const args = process.argv.slice(2).filter((arg) => arg !== '--keep');

install();
build();

const env = {
  ...process.env,
  COMPOSE_PROJECT_NAME: 'bazaar-test',
  NODE_ENV: 'development',
  LOG_LEVEL: 'debug',
  // All of it shares a machine, a slow one perhaps.
  REQUEST_TIMEOUT_MS: '10000',
  GATEWAY_PORT: await twoFreePorts(),
  ...Object.fromEntries(PORTS.map((name) => [name, '0'])),
};

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (interrupted = true));

if (compose('version') !== 0) fail('Docker with its plugin compose is not there');
const began = Date.now();
let failed = compose('up', '--build', '--wait', ...SCALE) !== 0;
if (!failed) {
  say(`${Math.round((Date.now() - began) / 1000)} s from "up" to healthy`);
  failed = await jest();
}
if (!keep) compose('down', '--volumes');
process.exit(failed || interrupted ? 1 : 0);

function compose(...args) {
  return spawnSync('docker', ['compose', ...args], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] }).status;
}

/** One spec after the other, since they share the containers. @returns whether any failed. */
async function jest() {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const options = ['--runInBand', '--roots=<rootDir>/test'];
  const { ended } = start([...flags, 'node_modules/jest/bin/jest.js', ...args, ...options], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, TEST_STACK: 'compose' },
  });
  return (await ended) !== 0;
}

async function twoFreePorts() {
  for (;;) {
    const one = createServer().listen(0, '127.0.0.1');
    await once(one, 'listening');
    const { port } = one.address();
    const other = createServer().listen(port + 1, '127.0.0.1');
    const free = await Promise.race([
      once(other, 'listening').then(() => true),
      once(other, 'error').then(() => false),
    ]);
    for (const server of free ? [one, other] : [one]) await once(server.close(), 'close');
    if (free) return `${port}-${port + 1}`;
  }
}
