// npm run observability:check: rules and their tests by promtool, dashboards against their source and Grafana's types.
//   --require             what cannot be checked, since promtool is not installed, is a fault
//   --live URL            also asks that Prometheus, which scrapes a system at work, every question that is in a panel or a rule
//   --pictures FOLDER     with --live: draws each panel, and each dashboard, as SVG
//   --write               makes the dashboards' JSON anew from their source
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { node, root, say } from '../../scripts/workspace.mjs';
import { boards, fileOf, jsonOf } from '../grafana/dashboards.ts';
import { faultsOfDashboards } from './dashboards.mjs';
import { checkLive } from './questions.mjs';

const { values: asked } = parseArgs({
  options: {
    require: { type: 'boolean' },
    live: { type: 'string' },
    pictures: { type: 'string' },
    write: { type: 'boolean' },
  },
});

const prometheus = join(root, 'observability', 'prometheus');
const filesIn = (folder) => readdirSync(join(prometheus, folder)).map((name) => join(prometheus, folder, name));
const read = (file) => readFileSync(file, 'utf8');
const LEFT_OUT = ['promtool is not installed (it comes with Prometheus; Debian: apt-get install prometheus)'];

if (asked.write) for (const board of boards) writeFileSync(fileOf(board), await jsonOf(board));

const checks = {
  'Prometheus configuration, rules and their tests': promtool,
  'every alert has its section in the runbook and its tests': alertsAreExplained,
  'dashboards are what their source makes': dashboardsAreCurrent,
  'dashboards fit the types of Grafana': dashboardsFit,
  'dashboards can be laid out, and find their data source': dashboardsAreSound,
  ...(asked.live && {
    [`panels and rules at ${asked.live}`]: () => checkLive(asked.live, boards, { pictures: asked.pictures }),
  }),
};

let failed = false;
for (const [what, check] of Object.entries(checks)) {
  const faults = await check();
  const left = faults === LEFT_OUT;
  const fine = left ? !asked.require : faults.length === 0;
  failed ||= !fine;
  say(`${fine ? (left ? 'left out' : 'ok') : 'not ok'}  ${[what, ...faults].join('\n    ')}`);
}
process.exit(failed ? 1 : 0);

function promtool() {
  if (run('promtool', ['--version']) !== undefined) return LEFT_OUT;
  return [
    run('promtool', ['check', 'config', join(prometheus, 'prometheus.yml')]),
    kubernetesConfiguration(),
    run('promtool', ['test', 'rules', ...filesIn('tests')]),
  ].filter((fault) => fault !== undefined);
}

/** Debian builds Prometheus without Kubernetes: there, all is checked but how pods are found. */
function kubernetesConfiguration() {
  const file = join(prometheus, 'kubernetes.yml');
  const fault = run('promtool', ['check', 'config', file]);
  if (!fault?.includes('kubernetes_sd_configs not found')) return fault;
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-prometheus-'));
  try {
    const rest = read(file).replaceAll(
      /kubernetes_sd_configs:\n( +- role: pod\n +namespaces:\n.*)/g,
      'static_configs: []',
    );
    writeFileSync(join(folder, 'kubernetes.yml'), rest);
    return run('promtool', ['check', 'config', join(folder, 'kubernetes.yml')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function alertsAreExplained() {
  const sections = new Set(
    [...read(join(root, 'docs', 'runbook.md')).matchAll(/^## (\w+)$/gm)].map(([, name]) => name),
  );
  const tests = filesIn('tests').map(read).join('\n');
  const alerts = filesIn('rules').flatMap((file) => [
    ...read(file).matchAll(/- alert: (\w+)\n[^]*?runbook_url: docs\/runbook\.md#(\w+)\n/g),
  ]);
  return [
    ...alerts.flatMap(([, name, section]) => [
      ...(section === name.toLowerCase() && sections.has(name)
        ? []
        : [`${name} has no section of its own in docs/runbook.md`]),
      ...(new RegExp(`alertname: ${name}\\n +exp_alerts:\\n`).test(tests) ? [] : [`no test has ${name} fire`]),
      ...(new RegExp(`alertname: ${name}\\n +exp_alerts: \\[\\]\\n`).test(tests)
        ? []
        : [`no test has ${name} not fire`]),
    ]),
    ...[...sections]
      .filter((section) => !alerts.some(([, name]) => name === section))
      .map((section) => `docs/runbook.md explains ${section}, which is no alert`),
  ];
}

async function dashboardsAreCurrent() {
  const changed = [];
  for (const board of boards) {
    const file = fileOf(board);
    if (!existsSync(file) || read(file) !== (await jsonOf(board)))
      changed.push(`${file} is not what its source makes: npm run observability:check -- --write`);
  }
  return changed;
}

function dashboardsFit() {
  const fault = run(node(), [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'observability']);
  return fault === undefined ? [] : [fault];
}

function dashboardsAreSound() {
  const sources = read(join(root, 'observability', 'grafana', 'provisioning', 'datasources', 'datasources.yml'));
  return [
    // The variable of each dashboard takes the default of this type.
    ...(/type: prometheus\n(?: {4}.*\n)* {4}isDefault: true\n/.test(sources)
      ? []
      : ['no Prometheus is the default source']),
    ...faultsOfDashboards(boards.map((board) => JSON.parse(read(fileOf(board))))),
  ];
}

/** @returns what a command says of its failure, if it fails. */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? undefined : `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim();
}
