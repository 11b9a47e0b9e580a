// npm run kubernetes:check: every overlay of deploy/kubernetes built by kustomize, its manifests against the Kubernetes API's types and
// our own conventions.
//   --require             what cannot be checked, since there is no kustomize, is a fault
//   --write               makes what is made of other files anew: the PrometheusRule
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { conventionFaults } from './kubernetes/conventions.mjs';
import { schemaFaults } from './kubernetes/schemas.mjs';
import { root, say } from './workspace.ts';

const { values: asked } = parseArgs({ options: { require: { type: 'boolean' }, write: { type: 'boolean' } } });

const deploy = join(root, 'deploy', 'kubernetes');
const overlays = readdirSync(join(deploy, 'overlays'));
const LEFT_OUT = [
  'there is neither kustomize nor a kubectl that has it (5 or newer); .ci/prepare installs it on Debian',
];
const ruleFile = join(deploy, 'components', 'monitoring', 'prometheus-rule.yaml');

if (asked.write) writeFileSync(ruleFile, prometheusRule());

const kustomize = findKustomize();
const built = kustomize ? overlays.map(build) : [];
const manifests = Object.fromEntries(built.map(({ overlay, manifests }) => [overlay, manifests]));

const checks = {
  'overlays are built': () => built.flatMap(({ fault }) => fault ?? []),
  'manifests are what the Kubernetes API takes': () =>
    schemaFaults(
      Object.entries(manifests).flatMap(([overlay, all]) =>
        all.map((one) => [`${overlay}: ${one.kind} ${one.metadata?.name}`, one]),
      ),
    ),
  'manifests keep our conventions': () =>
    Object.entries(manifests).flatMap(([overlay, all]) => conventionFaults(overlay, all, clusterOf(overlay))),
  'every dashboard is in production': everyDashboardIsThere,
};

let failed = false;
report(
  'the PrometheusRule is what observability/prometheus/rules make',
  readFileSync(ruleFile, 'utf8') === prometheusRule() ? [] : ['npm run kubernetes:check -- --write makes it anew'],
);
for (const [what, check] of Object.entries(checks)) report(what, kustomize ? await check() : LEFT_OUT);
process.exit(failed ? 1 : 0);

function report(what, faults) {
  const left = faults === LEFT_OUT;
  const fine = left ? !asked.require : faults.length === 0;
  failed ||= !fine;
  say(`${fine ? (left ? 'left out' : 'ok') : 'not ok'}  ${[what, ...faults].join('\n    ')}`);
}

/** @returns the command that builds a folder: older ones know no components, nor replacements. */
function findKustomize() {
  const standalone = spawnSync('kustomize', ['version'], { encoding: 'utf8' });
  if (standalone.status === 0) return ['kustomize', 'build'];
  const { status, stdout } = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
  return status === 0 && /Kustomize Version: v([5-9]|\d\d)/.test(stdout) ? ['kubectl', 'kustomize'] : undefined;
}

function build(overlay) {
  const [command, verb] = kustomize;
  const { status, stdout, stderr } = spawnSync(command, [verb, join(deploy, 'overlays', overlay)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) return { overlay, manifests: [], fault: `${overlay}: ${stderr.trim()}` };
  return { overlay, manifests: parseAllDocuments(stdout).map(read) };
}

function read(document) {
  const manifest = document.toJS();
  // kustomize breaks long ones over lines, which the API does not mind.
  if (manifest.kind === 'Secret')
    for (const [key, value] of Object.entries(manifest.data)) manifest.data[key] = value.replaceAll(/\s/g, '');
  return manifest;
}

/** Production and the stores are applied apart, into one namespace; the local overlay has all of its own. */
function clusterOf(overlay) {
  return overlay === 'local' ? manifests.local : [...manifests.production, ...manifests.stores];
}

/** The rules as they are, each file's groups under one resource. */
function prometheusRule() {
  const folder = join(root, 'observability', 'prometheus', 'rules');
  const groups = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8').replace(/^groups:\n/m, ''));
  return [
    '# Made of observability/prometheus/rules by `npm run kubernetes:check -- --write`; not to be edited.',
    'apiVersion: monitoring.coreos.com/v1',
    'kind: PrometheusRule',
    'metadata:',
    '  name: bazaar',
    'spec:',
    '  groups:',
    groups.join('\n').replaceAll(/^(?=.)/gm, '  '),
  ].join('\n');
}

function everyDashboardIsThere() {
  const there = (manifests.production ?? []).flatMap(({ kind, data }) =>
    kind === 'ConfigMap' ? Object.keys(data) : [],
  );
  return readdirSync(join(root, 'observability', 'grafana', 'dashboards'))
    .filter((file) => !there.includes(file))
    .map((file) => `${file} is not in observability/grafana/kustomization.yaml`);
}
