// npm run services: the gateway and the three services as a process each, on PostgreSQL, RabbitMQ and Redis.
import { createInterface } from 'node:readline';
import { absentServices, urls } from './backing-services.mjs';
import { build, entryOf, fail, install, say, services, start } from './workspace.mjs';

install();
build();

const absent = await absentServices();
if (absent.length > 0)
  fail(absent.map(({ what, run }) => `${what}. To start it:\n  ${run}`).join('\n') + '\nnpm start needs none of them.');

const ports = { gateway: 4000, user: 5000, product: 6000, order: 7000 };
const width = Math.max(...services.map((name) => name.length));

function databaseOf(service) {
  const url = new URL(urls.DATABASE_URL);
  url.pathname = `/bazaar_${service}`;
  return url.href;
}

const running = services.map((name) => {
  const { child, ended } = start([entryOf(name)], {
    env: { ...process.env, ...urls, DATABASE_URL: databaseOf(name), PORT: ports[name] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on('line', (line) => console.log(`${name.padEnd(width)} | ${line}`));
  return { name, child, ended };
});

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (stopping = true));

let failed = false;
await Promise.all(
  running.map(async ({ name, ended }) => {
    const code = await ended;
    failed ||= !stopping || code !== 0;
    if (stopping) return;
    stopping = true;
    say(`${name} has ended (${code}): stopping the others`);
    for (const { child } of running) child.kill('SIGTERM');
  }),
);
process.exit(failed ? 1 : 0);
