// npm run services: the gateway and each service as a process of its own, on PostgreSQL, RabbitMQ and Redis.
import { createInterface } from 'node:readline';
import { APPS, DEFAULT_PORTS } from '../libs/contracts/src/services.ts';
import { absentServices, databaseOf, urls } from './backing-services.ts';
import { build, entryOf, fail, say, SIGNALS, start } from './workspace.ts';

build();

const absent = await absentServices();
if (absent.length > 0)
  fail(absent.map(({ what, run }) => `${what}. To start it:\n  ${run}`).join('\n') + '\nnpm start needs none of them.');

const width = Math.max(...APPS.map((name) => name.length));
const running = APPS.map((name) => {
  const { child, ended } = start([entryOf(name)], {
    env: { ...process.env, ...urls, DATABASE_URL: databaseOf(`bazaar_${name}`), PORT: String(DEFAULT_PORTS[name]) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const output of [child.stdout, child.stderr])
    if (output) createInterface({ input: output }).on('line', (line) => console.log(`${name.padEnd(width)} | ${line}`));
  return { name, child, ended };
});

say(`The API will be at http://127.0.0.1:${DEFAULT_PORTS.gateway}/graphql. docs/api.md shows how to use it.`);

let stopping = false;
for (const signal of SIGNALS) process.on(signal, () => (stopping = true));

let failed = false;
await Promise.all(
  running.map(async ({ name, ended }) => {
    const code = await ended;
    failed ||= !stopping || code !== 0;
    if (stopping) return;
    stopping = true;
    say(`${name} exited (${code}). Stopping the other services.`);
    for (const { child } of running) child.kill('SIGTERM');
  }),
);
process.exit(failed ? 1 : 0);
