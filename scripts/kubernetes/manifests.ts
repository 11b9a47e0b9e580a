import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../workspace.ts';
import type { Manifest } from './kinds.ts';
import { kustomize } from './kustomize.ts';

export type Kind = Manifest['kind'];
type OfKind<K extends Kind> = Extract<Manifest, { kind: K }>;
export type Workload = OfKind<'Deployment' | 'StatefulSet' | 'Job'>;
type Labels = Record<string, string>;

export const folder = join(root, 'deploy', 'kubernetes');
export const overlays = readdirSync(join(folder, 'overlays'));
const NAME = 'app.kubernetes.io/name';

const built = Object.fromEntries(overlays.map((overlay) => [overlay, build(overlay)]));

/** The manifests of an overlay. */
export const manifestsOf = (overlay: string) => built[overlay] ?? [];

/** The manifests that share the overlay's namespace. Only the overlay `local` contains everything. */
export const clusterOf = (overlay: string) =>
  overlay === 'local' ? manifestsOf('local') : [...manifestsOf('production'), ...manifestsOf('stores')];

function build(overlay: string): Manifest[] {
  if (!kustomize) throw new Error('kustomize is not installed');
  const { command, verb } = kustomize;
  const options = { encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  const { status, stdout, stderr } = spawnSync(command, [verb, join(folder, 'overlays', overlay)], options);
  if (status !== 0) throw new Error(`${overlay}: ${stderr}`);
  const manifests = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  // kustomize wraps long values. The API ignores line breaks in base64.
  for (const { data = {} } of of(manifests, 'Secret'))
    for (const [key, value] of Object.entries(data)) data[key] = value.replaceAll(/\s/g, '');
  return manifests;
}

export function of<K extends Kind>(manifests: Manifest[], ...kinds: K[]) {
  return manifests.filter((one): one is OfKind<K> => kinds.some((kind) => kind === one.kind));
}

export const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata?.name}`;

/** Rows for `test.each`: a name and the manifest. */
export const named = <M extends Manifest>(manifests: M[]) => manifests.map((one): [string, M] => [nameOf(one), one]);

export const workloadsOf = (manifests: Manifest[]): Workload[] => of(manifests, 'Deployment', 'StatefulSet', 'Job');

export function podOf({ spec }: Workload) {
  if (!spec?.template.spec) throw new Error('A workload without pods');
  return spec.template.spec;
}

export const labelsOf = ({ spec }: Workload): Labels => spec?.template.metadata?.labels ?? {};
export const appOf = (workload: Workload) => labelsOf(workload)[NAME];
export const containersOf = (workload: Workload) => [
  ...(podOf(workload).initContainers ?? []),
  ...podOf(workload).containers,
];

/** The app's container. Stores have none. */
export const appContainerOf = (workload: Workload) => podOf(workload).containers.find(({ name }) => name === 'app');

export interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels) {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) =>
      operator === 'Exists' ? key in labels : operator === 'In' && values?.includes(labels[key] ?? ''),
    )
  );
}

/** Labels and ports of all pods, including those that operators create. */
export function podsIn(cluster: Manifest[]) {
  return [
    ...workloadsOf(cluster).map((workload) => ({
      name: nameOf(workload),
      labels: labelsOf(workload),
      ports: podOf(workload).containers.flatMap(({ ports = [] }) => ports),
    })),
    ...of(cluster, 'Cluster').map((one) => ({
      name: nameOf(one),
      labels: { 'cnpg.io/cluster': one.metadata.name ?? '', ...one.spec.inheritedMetadata?.labels },
      ports: [],
    })),
    ...of(cluster, 'RabbitmqCluster').map((one) => ({
      name: nameOf(one),
      labels: one.metadata.labels ?? {},
      ports: [],
    })),
  ];
}
