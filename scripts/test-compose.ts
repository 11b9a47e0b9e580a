// npm run test:compose: builds the images, starts docker-compose.yml as a project of its own with two containers of each app, runs
// the whole-system specs against it, kills containers under load, and removes everything. Arguments go to Jest.
//   --keep    keeps the containers running, and uses running ones
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { APPS } from '../libs/contracts/src/services.ts';
import { build, fail, jest, root, say, SIGNALS } from './workspace.ts';

const SCALE = APPS.flatMap((app) => ['--scale', `${app}=2`]);
const PORTS = ['RABBITMQ_MANAGEMENT_PORT', 'PROMETHEUS_PORT', 'GRAFANA_PORT', 'JAEGER_PORT'];

const keep = process.argv.includes('--keep');
const args = process.argv.slice(2).filter((arg) => arg !== '--keep');

build();

const env = {
  COMPOSE_PROJECT_NAME: 'bazaar-test',
  NODE_ENV: 'development',
  LOG_LEVEL: 'debug',
  // Everything shares one machine, perhaps a slow one.
  REQUEST_TIMEOUT_MS: '10000',
  // Out of reach, so that responses have the headers of the limits.
  RATE_LIMIT: '1000000',
  COST_LIMIT: '1000000000',
  // As test/amounts.spec.ts expects it.
  MAX_PRICE: '100000000',
  GATEWAY_PORT: await twoFreePorts(),
  ...Object.fromEntries(PORTS.map((name) => [name, '0'])),
};

let interrupted = false;
for (const signal of SIGNALS) process.on(signal, () => (interrupted = true));

if (compose('version') !== 0) fail('Docker Compose is not installed');
const began = Date.now();
let failed = compose('up', '--build', '--wait', ...SCALE) !== 0;
if (!failed) {
  say(`${Math.round((Date.now() - began) / 1000)} s from "up" to healthy`);
  // The specs share the containers, so they run one after the other.
  failed = (await jest([...args, '--runInBand', '--roots=<rootDir>/test'], { ...env, TEST_STACK: 'compose' })) !== 0;
}
if (!keep) compose('down', '--volumes');
process.exit(failed || interrupted ? 1 : 0);

function compose(...args: string[]) {
  const stdio = ['ignore', 'inherit', 'inherit'] as const;
  return spawnSync('docker', ['compose', ...args], { cwd: root, env: { ...process.env, ...env }, stdio: [...stdio] })
    .status;
}

async function twoFreePorts() {
  for (;;) {
    const one = createServer().listen(0, '127.0.0.1');
    await once(one, 'listening');
    const port = portOf(one);
    const other = createServer().listen(port + 1, '127.0.0.1');
    const free = await Promise.race([
      once(other, 'listening').then(() => true),
      once(other, 'error').then(() => false),
    ]);
    for (const server of free ? [one, other] : [one]) await once(server.close(), 'close');
    if (free) return `${port}-${port + 1}`;
  }
}

function portOf(server: Server) {
  return (server.address() as AddressInfo).port;
}
