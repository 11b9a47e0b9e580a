// Runs all queries of dashboards and rules at a Prometheus that scrapes a running system.
import { fail, say } from '../../scripts/workspace.ts';
import type { Board } from '../grafana/board.ts';
import { rules as rulesInFiles } from './rules.ts';

const STEP_SECONDS = 5;
/** Grafana's `$__rate_interval` is at least four scrapes. */
const SCRAPES_PER_RATE = 4;

export interface LiveOptions {
  /** How often Prometheus scrapes. */
  scrapeSeconds?: number;
  /** How long ago the period begins. */
  seconds?: number;
  /** Whether queries that may be empty in a healthy system must find something, too. */
  all?: boolean;
  /** Patterns of metrics that are not available. */
  missing?: RegExp[];
}

interface PrometheusRule {
  name: string;
  type: 'recording' | 'alerting';
  query: string;
  health: string;
  lastError?: string;
  state?: string;
}

interface QueryResult {
  result: { values: [number, string][] }[];
}

/** Every query of a panel and every rule must find something. @returns those that find nothing, or fail. */
export async function checkLive(url: string, boards: readonly Board[], options: LiveOptions = {}) {
  const { scrapeSeconds = 15, seconds = 10 * 60, all = false, missing = [] } = options;
  const isMissing = (query: string) => missing.some((metrics) => metrics.test(query));
  const end = Date.now() / 1000;
  const range = { start: String(end - seconds), end: String(end), step: String(STEP_SECONDS) };
  const errors = await checkRules(url, isMissing);
  const empty: string[] = [];
  let count = 0;
  for (const board of boards)
    for (const chart of board.rows.flatMap(({ charts }) => charts))
      for (const { expr, mayBeEmpty } of chart.queries) {
        const query = expr.replaceAll('$__rate_interval', `${SCRAPES_PER_RATE * scrapeSeconds}s`);
        count++;
        if (await findsNumbers(url, { query, ...range })) continue;
        if (!isMissing(query) && (all || !mayBeEmpty)) errors.push(`no data: ${board.title}, ${chart.title}: ${query}`);
        else empty.push(`${board.title}, ${chart.title}: ${query}`);
      }
  say(`${count} queries in panels. ${empty.length} found no data, which is allowed:`);
  for (const query of empty) say(`    ${query}`);
  return errors;
}

/** NaN, for example a ratio while nothing happens, does not count. */
async function findsNumbers(url: string, parameters: Record<string, string>) {
  const { result } = await askPrometheus<QueryResult>(url, 'query_range', parameters);
  return result.some(({ values }) => values.some(([, value]) => Number.isFinite(Number(value))));
}

const METRIC = /\b(?:(?:bazaar|nodejs|process|rabbitmq|pg|redis)_\w+|[a-z]\w*:\w+(?::\w+)?|up)\b/g;

/** A recorded series must exist. An alert is empty in a healthy system, but the metrics it uses must exist. */
async function checkRules(url: string, isMissing: (query: string) => boolean) {
  const { groups } = await askPrometheus<{ groups: { rules: PrometheusRule[] }[] }>(url, 'rules');
  const rules = groups.flatMap((group) => group.rules);
  const errors = rules
    .filter(({ health }) => health !== 'ok')
    .map(({ name, lastError }) => `${name} cannot be evaluated: ${lastError ?? 'not evaluated yet'}`);
  for (const { alert, record } of rulesInFiles)
    if (!rules.some(({ name }) => name === (alert ?? record)))
      errors.push(`${alert ?? record} is not among the rules of this Prometheus`);
  for (const { name, type, query } of rules) {
    const metrics = type === 'recording' ? [name] : (query.replaceAll(/"[^"]*"/g, '""').match(METRIC) ?? []);
    if (metrics.length === 0) errors.push(`${name} uses no known metric: ${query}`);
    for (const metric of new Set(metrics)) {
      if (isMissing(metric)) continue;
      const { result } = await askPrometheus<QueryResult>(url, 'query', { query: `count(${metric})` });
      if (result.length === 0) errors.push(`${name}: ${metric} does not exist`);
    }
  }
  const firing = rules.filter(({ state }) => state === 'firing').map(({ name }) => name);
  say(`${rules.length} rules${firing.length > 0 ? `. Firing: ${firing.join(', ')}` : ''}`);
  return errors;
}

async function askPrometheus<T>(url: string, path: string, parameters: Record<string, string> = {}) {
  const response = await fetch(new URL(`/api/v1/${path}?${new URLSearchParams(parameters)}`, url)).catch(
    (error: Error) => fail(`No Prometheus answers at ${url}: ${error.message}`),
  );
  const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
  if (status !== 'success') throw new Error(`${error}: ${parameters.query ?? path}`);
  return data;
}
