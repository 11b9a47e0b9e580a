// npm run observability:drill: under load, stops the product service, the broker and the databases in turn, and tells which alerts
// that brought, and after how long. They are the alerts that are shipped, with their own durations: it takes ten minutes.
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpProxy } from '../../libs/testing/src/tcp-proxy.ts';
import { urls } from '../../scripts/backing-services.mjs';
import { fail, say } from '../../scripts/workspace.mjs';
import { load } from './load.mjs';
import { findMissingTools, startWatchedSystem } from './watched-system.mjs';

const WARM_UP_MS = 40_000;
const LOOK_MS = 1_000;
/** An alert that has not come, or gone, by then does not. */
const MOST_MS = 8 * 60_000;

const missing = await findMissingTools();
for (const { name, get } of missing) say(`not here: ${name} (${get})`);
if (missing.some(({ name }) => name === 'prometheus')) fail('Without Prometheus there are no alerts');

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopped.abort());

const broker = await TcpProxy.listen(urls.RABBITMQ_URL);
const databases = await TcpProxy.listen(urls.DATABASE_URL);
const system = await startWatchedSystem(missing, {
  RABBITMQ_URL: broker.url,
  DATABASE_URL: databases.url,
  REQUEST_TIMEOUT_MS: '4000',
});
const { apps, restart } = system.stack;
const withDatabase = ['user', 'product', 'order'];

/** An alert by its name and whom it is about. Those of `lasting` look at the last minutes, and end some after the fault. */
const faults = [
  {
    what: 'The product service is stopped',
    begin: async () => {
      apps.product.child.kill('SIGTERM');
      await apps.product.ended;
    },
    end: () => restart('product'),
    expected: ['ServiceAbsent product'],
    lasting: ['ApiErrorBudgetBurn critical'],
  },
  {
    what: 'The broker is cut off',
    begin: () => broker.cut(),
    end: () => broker.restore(),
    expected: ['gateway', ...withDatabase].map((service) => `DependencyDown ${service} broker`),
    lasting: [],
  },
  {
    what: 'The databases are cut off',
    begin: () => databases.cut(),
    end: () => databases.restore(),
    expected: withDatabase.map((service) => `DependencyDown ${service} database`),
    lasting: [],
  },
];

let known = new Map();
const failures = [];
let isWell = false;
try {
  const loading = load(system.stack, stopped.signal);
  await sleep(WARM_UP_MS, undefined, { signal: stopped.signal });
  known = await currentAlerts();
  console.log(`Under load, in health: ${[...known.keys()].join(', ') || 'no alerts'}\n`);
  for (const { expected, lasting } of faults)
    for (const name of [...expected, ...lasting])
      if (known.has(name)) failures.push(`${name} is ${known.get(name)} before anything was stopped`);

  for (const { what, begin, end, expected, lasting } of faults) {
    await step(what, begin, [...expected, ...lasting], (state) => state === 'firing');
    await step('  and is back', end, expected, (state) => state === undefined);
  }
  const lasting = faults.flatMap((fault) => fault.lasting);
  await step(
    'What looks at the last five minutes',
    () => {},
    lasting,
    (state) => state === undefined,
  );

  stopped.abort();
  const { answered, failed } = await loading;
  console.log(`\n${answered} operations were answered, ${failed} were refused or failed.`);
  isWell = failures.length === 0;
} finally {
  stopped.abort();
  await system.stop(isWell);
  await Promise.all([broker.close(), databases.close()]);
}
for (const failure of failures) console.log(`not ok  ${failure}`);
process.exit(isWell ? 0 : 1);

/** Does something, and tells of all alerts that change until those that are awaited are as they should be. */
async function step(what, act, awaited, isAsExpected) {
  console.log(what);
  const began = Date.now();
  await act();
  const open = () => awaited.filter((name) => !isAsExpected(known.get(name)));
  do {
    await sleep(LOOK_MS, undefined, { signal: stopped.signal });
    const now = await currentAlerts();
    for (const name of new Set([...known.keys(), ...now.keys()])) {
      if (now.get(name) === known.get(name)) continue;
      const after = `${Math.round((Date.now() - began) / 1000)} s`;
      console.log(`${after.padStart(8)}  ${(now.get(name) ?? 'over').padEnd(8)} ${name}`);
    }
    known = now;
  } while (open().length > 0 && Date.now() - began < MOST_MS);
  failures.push(...open().map((name) => `${what.trim()}: ${name} is ${known.get(name) ?? 'not there'}`));
}

/** Pending or firing, by name and whom it is about. */
async function currentAlerts() {
  const { data } = await (await fetch(`${system.prometheus.url}/api/v1/alerts`)).json();
  return new Map(
    data.alerts.map(({ labels: { alertname, severity, service, job, dependency, queue, event }, state }) => {
      const about = alertname.startsWith('Api') ? [severity] : [service ?? job, dependency, queue, event];
      return [[alertname, ...about].filter(Boolean).join(' '), state];
    }),
  );
}
