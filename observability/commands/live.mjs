// npm run observability:live: the real stack under a minute of load and some faults, scraped by a Prometheus that is then asked
// every panel's and rule's question; each must find something.
//   --require             what cannot be had here of Prometheus and its exporters is a fault
//   --pictures FOLDER     draws each panel, and each dashboard, as SVG
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fail, say } from '../../scripts/workspace.mjs';
import { boards } from '../grafana/dashboards.ts';
import { failOrderEvents, killService, repeatAndGarbleEvents } from './faults.mjs';
import { load } from './load.mjs';
import { SCRAPE_SECONDS } from './prometheus.mjs';
import { checkLive } from './questions.mjs';
import { findMissingTools, startWatchedSystem } from './watched-system.mjs';

const { values: asked } = parseArgs({ options: { require: { type: 'boolean' }, pictures: { type: 'string' } } });

/** Gauges that prom-client's default metrics call so. */
const NAMED_BY_OTHERS = /^nodejs_active_\w+_total non-counter metrics should not have "_total" suffix$/;
/** Logins of one address a minute: the load has more of them. */
const SETTINGS = { LOGIN_RATE_LIMIT: '120', REQUEST_TIMEOUT_MS: '4000' };

const missing = await findMissingTools();
for (const { name, get } of missing) say(`not here: ${name} (${get})`);
if (missing.length > 0 && asked.require) fail('not ok  without these not all can be checked');
if (missing.some(({ name }) => name === 'prometheus')) {
  say('left out  panels and rules of a system at work: there is no Prometheus');
  process.exit(0);
}

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopped.abort());

const began = Date.now();
const system = await startWatchedSystem(missing, SETTINGS);
let faults = ['it has not come to its end'];
try {
  const loaded = Date.now();
  await underLoad(system.stack);
  if (stopped.signal.aborted) throw new Error('Stopped before the end');
  const metrics = await metricsOf(system.stack);
  faults = [
    ...lint(metrics),
    ...(await checkLive(system.prometheus.url, boards, {
      seconds: (Date.now() - loaded) / 1000,
      scrapeSeconds: SCRAPE_SECONDS,
      pictures: asked.pictures,
      all: true,
      missing: missing.map(({ metrics }) => metrics),
    })),
  ];
} finally {
  await system.stop(faults.length === 0);
}
for (const fault of faults) say(`    ${fault}`);
say(
  `${faults.length > 0 ? 'not ok' : 'ok'}  panels and rules of a system at work, in ${Math.round((Date.now() - began) / 1000)} s`,
);
process.exit(faults.length > 0 ? 1 : 0);

/** Some time in health, then the faults one after the other, then health again. */
async function underLoad(stack) {
  const end = new AbortController();
  const { signal } = end;
  stopped.signal.addEventListener('abort', () => end.abort());
  const loading = load(stack, signal);
  const faulty = (async () => {
    await sleep(12_000);
    const events = repeatAndGarbleEvents(stack, signal);
    await failOrderEvents(stack, 7_000);
    await killService(stack, 'product', 11_000);
    await sleep(20_000);
    end.abort();
    await events;
  })().finally(() => end.abort());
  const [{ answered, failed }] = await Promise.all([loading, faulty]);
  say(`${answered} operations were answered, ${failed} were refused or failed`);
}

/** @returns [service, what it serves at /metrics] of each. */
function metricsOf({ apps }) {
  const entries = Object.entries(apps);
  return Promise.all(
    entries.map(async ([service, { url }]) => [service, await (await fetch(`${url}/metrics`)).text()]),
  );
}

/** What promtool says of names, types and texts. */
function lint(metrics) {
  return metrics.flatMap(([service, text]) => {
    const { stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    say(`${service}: ${text.match(/^[^#\n]/gm).length} series`);
    if (error) throw error;
    const faults = stderr.split('\n').filter((line) => line !== '' && !NAMED_BY_OTHERS.test(line));
    return faults.map((fault) => `promtool check metrics, ${service}: ${fault}`);
  });
}
