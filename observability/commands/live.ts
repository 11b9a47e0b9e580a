// npm run observability:live: runs the real stack under a minute of load with some failures, scraped by a Prometheus. Then every
// query of the panels and rules must find data.
//   --require    fails if Prometheus or one of its exporters is missing
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Stack } from '../../bench/stack.ts';
import { fail, report, say, SIGNALS } from '../../scripts/workspace.ts';
import { boards } from '../grafana/dashboards.ts';
import { failOrderEvents, killService, repeatAndGarbleEvents } from './faults.ts';
import { load } from './load.ts';
import { SCRAPE_SECONDS } from './prometheus.ts';
import { checkLive } from './questions.ts';
import { findMissingTools, startWatchedSystem } from './watched-system.ts';

const { values: options } = parseArgs({ options: { require: { type: 'boolean' } } });

/** Gauges with this suffix in prom-client's default metrics. */
const NAMED_BY_OTHERS = /^nodejs_active_\w+_total non-counter metrics should not have "_total" suffix$/;
/** The load has more logins from one address than the default limit. */
const SETTINGS = { LOGIN_RATE_LIMIT: '120', REQUEST_TIMEOUT_MS: '4000' };

const missing = await findMissingTools();
for (const { name, get } of missing) say(`missing: ${name} (${get})`);
if (missing.length > 0 && options.require) fail('not ok  the check needs these tools');
const CHECK = 'panels and rules of a running system';
if (missing.some(({ name }) => name === 'prometheus')) process.exit(report(CHECK, 'Prometheus is missing') ? 0 : 1);

const stopped = new AbortController();
for (const signal of SIGNALS) process.on(signal, () => stopped.abort());

const began = Date.now();
const system = await startWatchedSystem(missing, SETTINGS);
let errors = ['it did not finish'];
try {
  const loaded = Date.now();
  await underLoad(system.stack);
  if (stopped.signal.aborted) throw new Error('Stopped before the end');
  const metrics = await metricsOf(system.stack);
  errors = [
    ...lint(metrics),
    ...(await checkLive(system.prometheus.url, boards, {
      seconds: (Date.now() - loaded) / 1000,
      scrapeSeconds: SCRAPE_SECONDS,
      all: true,
      missing: missing.map(({ metrics }) => metrics),
    })),
  ];
} finally {
  await system.stop(errors.length === 0);
}
process.exit(report(`${CHECK}, in ${Math.round((Date.now() - began) / 1000)} s`, errors) ? 0 : 1);

/** First the system is healthy, then the failures follow one after the other, then it is healthy again. */
async function underLoad(stack: Stack) {
  const end = new AbortController();
  const { signal } = end;
  stopped.signal.addEventListener('abort', () => end.abort());
  const loading = load(stack, signal);
  const failures = (async () => {
    await sleep(12_000);
    const events = repeatAndGarbleEvents(stack, signal);
    await failOrderEvents(stack, 7_000);
    await killService(stack, 'product', 11_000);
    await sleep(20_000);
    end.abort();
    await events;
  })().finally(() => end.abort());
  const [{ answered, failed }] = await Promise.all([loading, failures]);
  say(`${answered} operations succeeded, ${failed} were rejected or failed`);
}

interface Metrics {
  app: string;
  text: string;
}

/** What each app serves at /metrics. */
function metricsOf({ apps }: Stack): Promise<Metrics[]> {
  const read = async (url: string) => (await fetch(`${url}/metrics`)).text();
  return Promise.all(Object.entries(apps).map(async ([app, { url }]) => ({ app, text: await read(url) })));
}

/** Promtool's warnings about names, types and help texts. */
function lint(metrics: Metrics[]) {
  return metrics.flatMap(({ app, text }) => {
    const { stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    say(`${app}: ${text.match(/^[^#\n]/gm)?.length ?? 0} series`);
    if (error) throw error;
    const warnings = stderr.split('\n').filter((line) => line !== '' && !NAMED_BY_OTHERS.test(line));
    return warnings.map((warning) => `promtool check metrics, ${app}: ${warning}`);
  });
}
