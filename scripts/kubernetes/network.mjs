// What must hold of the network: nothing is open but what a NetworkPolicy names, and each flow is open at both of its ends.
import { labelsOf, lacking, matches, of, podsIn, workloadsIn } from './manifests.mjs';

/**
 * @param manifests of an overlay
 * @param cluster those that share the namespace with them, themselves too
 * @returns a line for each fault.
 */
export function networkFaults(manifests, cluster) {
  const policies = of(cluster, 'NetworkPolicy');
  const pods = podsIn(cluster);
  const own = policies.filter((one) => !isForAll(one));
  return [
    ...(policies.some(deniesAll) ? [] : ['no NetworkPolicy denies all']),
    ...lacking(
      workloadsIn(manifests),
      (workload) => own.some(({ spec }) => matches(spec.podSelector, labelsOf(workload))),
      'has no NetworkPolicy of its own',
    ),
    ...lacking(
      policies,
      ({ spec }) => [...(spec.ingress ?? []), ...(spec.egress ?? [])].every(({ ports }) => ports?.length),
      'allows any port',
    ),
    ...lacking(
      policies.filter((one) => !deniesAll(one)),
      ({ spec }) =>
        spec.policyTypes?.includes('Ingress') === 'ingress' in spec &&
        spec.policyTypes.includes('Egress') === 'egress' in spec,
      'names other policyTypes than it has rules for',
    ),
    ...lacking(own, ({ spec }) => pods.some(({ labels }) => matches(spec.podSelector, labels)), 'is for no pod'),
    ...policies.flatMap((policy) => halfOpen(policy, policies, pods)),
  ];
}

const isForAll = ({ spec }) => matches(spec.podSelector, {});
const deniesAll = ({ spec }) =>
  isForAll({ spec }) &&
  ['Ingress', 'Egress'].every((type) => spec.policyTypes?.includes(type)) &&
  !spec.ingress &&
  !spec.egress;

/** What a policy lets out to a pod of ours and that one's do not let in. */
function halfOpen({ spec, metadata }, policies, pods) {
  const flows = (spec.egress ?? []).flatMap(({ to = [], ports = [] }) =>
    to
      .filter(({ namespaceSelector }) => !namespaceSelector)
      .flatMap(({ podSelector }) => ports.map(({ port }) => ({ podSelector, port }))),
  );
  return flows.flatMap(({ podSelector, port }) => {
    const targets = pods.filter(({ labels }) => matches(podSelector, labels));
    if (!targets.length) return [`NetworkPolicy ${metadata.name} lets out to no pod`];
    return pods
      .filter(({ labels }) => matches(spec.podSelector, labels))
      .flatMap((source) =>
        targets
          .filter((target) => !letsIn(policies, source, target, port))
          .map((target) => `${source.name} may send to ${target.name} at ${port}, which lets nothing in from it`),
      );
  });
}

const letsIn = (policies, source, target, port) =>
  policies.some(
    ({ spec }) =>
      matches(spec.podSelector, target.labels) &&
      spec.ingress?.some(
        ({ from = [], ports = [] }) =>
          from.some(
            ({ podSelector, namespaceSelector }) =>
              !namespaceSelector && podSelector && matches(podSelector, source.labels),
          ) &&
          ports.some(
            (one) =>
              one.port === port ||
              target.ports.some(({ name, containerPort }) => name === one.port && containerPort === port),
          ),
      ),
  );
