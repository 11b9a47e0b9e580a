// npm run observability:drill: under load, stops the product service, the broker and the databases one after the other, and prints
// which alerts fire, and after how long. The alerts have their real durations, so it takes ten minutes.
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpProxy } from '../../libs/testing/src/tcp-proxy.ts';
import { SERVICES, APPS } from '../../libs/contracts/src/services.ts';
import { urls } from '../../scripts/backing-services.ts';
import { fail, say, SIGNALS } from '../../scripts/workspace.ts';
import { load } from './load.ts';
import { findMissingTools, startWatchedSystem } from './watched-system.ts';

const WARM_UP_MS = 40_000;
const POLL_MS = 1_000;
/** Alerts must fire, or end, within this time. */
const STEP_TIMEOUT_MS = 8 * 60_000;

const missing = await findMissingTools();
for (const { name, get } of missing) say(`missing: ${name} (${get})`);
if (missing.some(({ name }) => name === 'prometheus')) fail('The drill needs Prometheus');

const stopped = new AbortController();
for (const signal of SIGNALS) process.on(signal, () => stopped.abort());

const broker = await TcpProxy.listen(urls.RABBITMQ_URL);
const databases = await TcpProxy.listen(urls.DATABASE_URL);
const system = await startWatchedSystem(missing, {
  RABBITMQ_URL: broker.url,
  DATABASE_URL: databases.url,
  REQUEST_TIMEOUT_MS: '4000',
});
const { apps, restart } = system.stack;

interface Failure {
  what: string;
  begin: () => unknown;
  end: () => unknown;
  /** Alerts, by name and subject. */
  expected: string[];
  /** Alerts about the last minutes, which end some time after the failure. */
  lasting: string[];
}

const failures: Failure[] = [
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
    expected: APPS.map((service) => `DependencyDown ${service} broker`),
    lasting: [],
  },
  {
    what: 'The databases are cut off',
    begin: () => databases.cut(),
    end: () => databases.restore(),
    expected: SERVICES.map((service) => `DependencyDown ${service} database`),
    lasting: [],
  },
];

let known = new Map<string, string>();
const errors: string[] = [];
let isWell = false;
try {
  const loading = load(system.stack, stopped.signal);
  await sleep(WARM_UP_MS, undefined, { signal: stopped.signal });
  known = await currentAlerts();
  console.log(`Under load, healthy: ${[...known.keys()].join(', ') || 'no alerts'}\n`);
  for (const { expected, lasting } of failures)
    for (const name of [...expected, ...lasting])
      if (known.has(name)) errors.push(`${name} is ${known.get(name)} before the first failure`);

  for (const { what, begin, end, expected, lasting } of failures) {
    await step(what, begin, [...expected, ...lasting], (state) => state === 'firing');
    await step('  and back again', end, expected, (state) => state === undefined);
  }
  const lasting = failures.flatMap((failure) => failure.lasting);
  await step(
    'Alerts about the last five minutes',
    () => {},
    lasting,
    (state) => state === undefined,
  );

  stopped.abort();
  const { answered, failed } = await loading;
  console.log(`\n${answered} operations succeeded, ${failed} were rejected or failed.`);
  isWell = errors.length === 0;
} finally {
  stopped.abort();
  await system.stop(isWell);
  await Promise.all([broker.close(), databases.close()]);
}
for (const error of errors) console.log(`not ok  ${error}`);
process.exit(isWell ? 0 : 1);

/** Does something, and prints all alerts that change, until the awaited ones are as expected. */
async function step(
  what: string,
  act: () => unknown,
  awaited: string[],
  isAsExpected: (state: string | undefined) => boolean,
) {
  console.log(what);
  const began = Date.now();
  await act();
  const open = () => awaited.filter((name) => !isAsExpected(known.get(name)));
  do {
    await sleep(POLL_MS, undefined, { signal: stopped.signal });
    const now = await currentAlerts();
    for (const name of new Set([...known.keys(), ...now.keys()])) {
      if (now.get(name) === known.get(name)) continue;
      const after = `${Math.round((Date.now() - began) / 1000)} s`;
      console.log(`${after.padStart(8)}  ${(now.get(name) ?? 'over').padEnd(8)} ${name}`);
    }
    known = now;
  } while (open().length > 0 && Date.now() - began < STEP_TIMEOUT_MS);
  errors.push(...open().map((name) => `${what.trim()}: ${name} is ${known.get(name) ?? 'absent'}`));
}

interface Alert {
  labels: Record<'alertname' | 'severity' | 'service' | 'job' | 'dependency' | 'queue' | 'event', string>;
  state: string;
}

/** The state of each alert, pending or firing, by name and subject. */
async function currentAlerts() {
  const response = await fetch(`${system.prometheus.url}/api/v1/alerts`);
  const { data } = (await response.json()) as { data: { alerts: Alert[] } };
  return new Map(
    data.alerts.map(
      ({ labels: { alertname, severity, service, job, dependency, queue, event }, state }): [string, string] => {
        const about = alertname.startsWith('Api') ? [severity] : [service ?? job, dependency, queue, event];
        return [[alertname, ...about].filter(Boolean).join(' '), state];
      },
    ),
  );
}
