// npm run observability:check: checks rules and their tests with promtool, and the dashboards against their source.
//   --require     fails if promtool is not installed
//   --live URL    also runs every query of the panels and rules at that Prometheus, which scrapes a running system
//   --write       generates the dashboards' JSON from their source
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { report, root } from '../../scripts/workspace.ts';
import { boards, fileOf, jsonOf } from '../grafana/dashboards.ts';
import { checkLive } from './questions.ts';
import { alertTests, filesIn, folder, rules } from './rules.ts';

const { values: options } = parseArgs({
  options: { require: { type: 'boolean' }, live: { type: 'string' }, write: { type: 'boolean' } },
});

const UID = /^[\w-]{1,40}$/;
const COLUMNS = 24;

if (options.write) for (const board of boards) writeFileSync(fileOf(board), await jsonOf(board));

const promtool = spawnSync('promtool', ['--version']).status === 0;
const NO_PROMTOOL = 'promtool is not installed (Debian: apt-get install prometheus)';
const ok = [
  report('Prometheus configuration, rules and their tests', promtool ? checkRules() : NO_PROMTOOL, options.require),
  report('every alert has a section in the runbook, and tests', checkAlerts()),
  report('the dashboards are valid, and their JSON is up to date', await checkBoards()),
  !options.live || report(`panels and rules at ${options.live}`, await checkLive(options.live, boards)),
];
process.exit(ok.every(Boolean) ? 0 : 1);

function checkRules() {
  return [
    promtoolErrors('check', 'config', join(folder, 'prometheus.yml')),
    checkKubernetesConfiguration(),
    promtoolErrors('test', 'rules', ...filesIn('tests')),
  ].flat();
}

/** Debian builds Prometheus without Kubernetes. There, this checks everything but the service discovery. */
function checkKubernetesConfiguration() {
  const file = join(folder, 'kubernetes.yml');
  const errors = promtoolErrors('check', 'config', file);
  if (!errors[0]?.includes('kubernetes_sd_configs not found')) return errors;
  const configuration = parse(readFileSync(file, 'utf8')) as { scrape_configs: Record<string, unknown>[] };
  for (const scrape of configuration.scrape_configs) delete scrape.kubernetes_sd_configs;
  const temporary = mkdtempSync(join(tmpdir(), 'bazaar-prometheus-'));
  try {
    writeFileSync(join(temporary, 'kubernetes.yml'), stringify(configuration));
    return promtoolErrors('check', 'config', join(temporary, 'kubernetes.yml'));
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function promtoolErrors(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? [] : [`${stdout}${stderr}`.trim()];
}

function checkAlerts() {
  const runbook = readFileSync(join(root, 'docs', 'runbook.md'), 'utf8');
  const sections = new Set([...runbook.matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name));
  const alerts = rules.flatMap(({ alert, annotations }) => (alert ? [{ alert, url: annotations?.runbook_url }] : []));
  const tests = (name: string, fires: boolean) =>
    alertTests.some(({ alertname, exp_alerts = [] }) => alertname === name && exp_alerts.length > 0 === fires);
  return [
    ...alerts.flatMap(({ alert, url }) => [
      ...(sections.has(alert) && url?.endsWith(`#${alert.toLowerCase()}`)
        ? []
        : [`${alert} has no section in docs/runbook.md`]),
      ...(tests(alert, true) ? [] : [`${alert} fires in no test`]),
      ...(tests(alert, false) ? [] : [`${alert} stays silent in no test`]),
    ]),
    ...[...sections]
      .filter((section) => !alerts.some(({ alert }) => alert === section))
      .map((section) => `docs/runbook.md explains ${section}, but there is no such alert`),
  ];
}

async function checkBoards() {
  const errors: string[] = [];
  for (const board of boards) {
    const { uid, title, rows } = board;
    if (!UID.test(uid)) errors.push(`${title}: ${uid} is not a valid uid`);
    if (boards.some((other) => other !== board && (other.uid === uid || other.title === title)))
      errors.push(`${title}: another dashboard has the same title or uid`);
    for (const { width = 1, title: chart, queries } of rows.flatMap(({ charts }) => charts)) {
      if (width < 1 || width > COLUMNS) errors.push(`${title}, ${chart}: a row has ${COLUMNS} columns`);
      for (const { expr } of queries)
        // Variables that begin with two underscores are Grafana's.
        if (/\$(?!__)/.test(expr)) errors.push(`${title}, ${chart}: unknown variable in ${expr}`);
    }
    const file = fileOf(board);
    if (!existsSync(file) || readFileSync(file, 'utf8') !== (await jsonOf(board)))
      errors.push(`${file} is outdated: run npm run observability:check -- --write`);
  }
  return errors;
}
