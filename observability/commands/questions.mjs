// Asks a Prometheus that scrapes a system at work all that dashboards and rules ask.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawBoard, drawPanel } from './picture.mjs';
import { fail, root, say } from '../../scripts/workspace.mjs';

const STEP_SECONDS = 5;
/** What Grafana puts for `$__rate_interval`: four scrapes at least. */
const SCRAPES_OF_A_RATE = 4;

/**
 * Every panel's queries and every rule find something; those that may find nothing in health are told of, unless `all` must.
 *
 * @param options.pictures the folder that panels are drawn into
 * @param options.missing patterns of metrics that cannot be there
 * @returns what found nothing, or cannot be asked
 */
export async function checkLive(url, boards, options = {}) {
  const { scrapeSeconds = 15, seconds = 10 * 60, pictures, all = false, missing = [] } = options;
  const ask = (path, parameters) => askPrometheus(url, path, parameters);
  const isMissing = (query) => missing.some((metrics) => metrics.test(query));
  const to = Date.now() / 1000;
  const range = { from: to - seconds, to, rateInterval: `${SCRAPES_OF_A_RATE * scrapeSeconds}s` };
  return [
    ...(await checkRules(ask, isMissing)),
    ...(await checkPanels(ask, boards, { range, pictures, all, isMissing })),
  ];
}

async function checkPanels(ask, boards, { range, pictures: folder, all, isMissing }) {
  const { from, to, rateInterval } = range;
  const faults = [];
  const empty = [];
  let count = 0;
  for (const board of boards) {
    const pictures = new Map();
    for (const { charts } of board.rows) {
      for (const chart of charts) {
        const series = [];
        for (const { expr, legend, mayBeEmpty } of chart.queries) {
          const query = expr.replaceAll('$__rate_interval', rateInterval);
          const found = await seriesOf(ask, { query, start: from, end: to, step: STEP_SECONDS }, legend);
          count++;
          const isFault = !isMissing(query) && (all || !mayBeEmpty);
          if (found.length === 0) (isFault ? faults : empty).push(`${board.title}, ${chart.title}: ${query}`);
          series.push(...found);
        }
        pictures.set(chart, drawPanel(chart, series, { from, to }));
      }
    }
    if (folder) savePictures(folder, board, pictures);
  }
  say(`${count} queries of panels; ${empty.length} found nothing and may do so:`);
  for (const query of empty) say(`    ${query}`);
  return faults.map((fault) => `found nothing: ${fault}`);
}

/** A value that is no number, as of a ratio while nothing happens, is nothing found. */
async function seriesOf(ask, parameters, legend) {
  const { result } = await ask('query_range', parameters);
  return result
    .map(({ metric, values }) => ({
      name: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? ''),
      points: values.map(([time, value]) => [time, Number(value)]).filter(([, value]) => Number.isFinite(value)),
    }))
    .filter(({ points }) => points.length > 0);
}

function savePictures(folder, board, pictures) {
  const panels = join(folder, board.uid);
  mkdirSync(panels, { recursive: true });
  let number = 0;
  for (const [chart, svg] of pictures) {
    const name = `${String(++number).padStart(2, '0')}-${chart.title.toLowerCase().replaceAll(/\W+/g, '-')}.svg`;
    writeFileSync(join(panels, name), svg);
  }
  writeFileSync(join(folder, `${board.uid}.svg`), drawBoard(board, pictures));
}

const METRIC = /\b(?:(?:bazaar|nodejs|process|rabbitmq|pg|redis)_\w+|\w+:\w+:\w+|up)\b/g;

/** An alert finds nothing while all is well; what it is about must be there. A recorded series must be there itself. */
async function checkRules(ask, isMissing) {
  const { groups } = await ask('rules', {});
  const rules = groups.flatMap((group) => group.rules);
  const faults = rules
    .filter(({ health }) => health !== 'ok')
    .map(({ name, lastError }) => `${name} cannot be evaluated: ${lastError ?? 'it has not been yet'}`);
  for (const name of namesInFiles())
    if (!rules.some((rule) => rule.name === name)) faults.push(`${name} is not among the rules of this Prometheus`);
  for (const { name, type, query } of rules) {
    const metrics = type === 'recording' ? [name] : (query.replaceAll(/"[^"]*"/g, '""').match(METRIC) ?? []);
    if (metrics.length === 0) faults.push(`${name} is about no metric that is known here: ${query}`);
    for (const metric of new Set(metrics)) {
      if (isMissing(metric)) continue;
      const { result } = await ask('query', { query: `count(${metric})` });
      if (result.length === 0) faults.push(`${name}: there is no ${metric}`);
    }
  }
  const firing = rules.filter(({ state }) => state === 'firing').map(({ name }) => name);
  say(`${rules.length} rules${firing.length > 0 ? `; firing: ${firing.join(', ')}` : ''}`);
  return faults;
}

function namesInFiles() {
  const folder = join(root, 'observability', 'prometheus', 'rules');
  return readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/- (?:alert|record): (\S+)/g)].map(([, name]) => name),
  );
}

async function askPrometheus(url, path, parameters) {
  const response = await fetch(new URL(`/api/v1/${path}?${new URLSearchParams(parameters)}`, url)).catch((error) =>
    fail(`No Prometheus answers at ${url}: ${error.cause?.message ?? error.message}`),
  );
  const { status, data, error } = await response.json();
  if (status !== 'success') throw new Error(`${error}: ${parameters.query ?? path}`);
  return data;
}
