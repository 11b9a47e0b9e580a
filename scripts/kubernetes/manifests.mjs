// How the rules about manifests speak of them.
export const NAME = 'app.kubernetes.io/name';

export const told = ({ kind, metadata }) => `${kind} ${metadata.name}`;
export const of = (manifests, ...kinds) => manifests.filter(({ kind }) => kinds.includes(kind));

/** What makes pods: Deployments, StatefulSets and Jobs. */
export const workloadsIn = (manifests) => of(manifests, 'Deployment', 'StatefulSet', 'Job');
export const podOf = ({ spec }) => spec.template.spec;
export const labelsOf = ({ spec }) => spec.template.metadata?.labels ?? {};
export const containersOf = (workload) => [...(podOf(workload).initContainers ?? []), ...podOf(workload).containers];

/** A workload of ours has its app in a container of this name; the others are stores. */
export const isApp = (workload) => podOf(workload).containers.some(({ name }) => name === 'app');
export const servers = (workloads) => workloads.filter(({ kind }) => kind !== 'Job');

/** @returns the manifests that lack something, and what. */
export const lacking = (manifests, has, what) =>
  manifests.filter((one) => !has(one)).map((one) => `${told(one)} ${what}`);

/** @returns of pairs of what must hold and what to say if it does not, what is to be said. */
export const unmet = (workload, ...rules) =>
  rules.filter(([holds]) => !holds).map(([, fault]) => `${told(workload)}: ${fault}`);

export function matches(selector, labels) {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) =>
      operator === 'Exists' ? key in labels : operator === 'In' && values.includes(labels[key]),
    )
  );
}

/** Labels and named ports of all pods, also of those that operators make. */
export function podsIn(cluster) {
  return [
    ...workloadsIn(cluster).map((workload) => ({
      name: told(workload),
      labels: labelsOf(workload),
      ports: podOf(workload).containers.flatMap(({ ports = [] }) => ports),
    })),
    ...of(cluster, 'Cluster').map((one) => ({
      name: told(one),
      labels: { 'cnpg.io/cluster': one.metadata.name, ...one.spec.inheritedMetadata.labels },
      ports: [],
    })),
    ...of(cluster, 'RabbitmqCluster').map((one) => ({ name: told(one), labels: one.metadata.labels, ports: [] })),
  ];
}
