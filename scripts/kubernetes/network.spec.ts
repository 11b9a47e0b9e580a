// Nothing is open but what a NetworkPolicy names, and each connection is allowed at both ends.
import { describe, expect, test } from '@jest/globals';
import {
  clusterOf,
  labelsOf,
  manifestsOf,
  matches,
  named,
  of,
  overlays,
  podsIn,
  workloadsOf,
  type Selector,
} from './manifests.ts';

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
}

interface Port {
  port?: number | string;
}

interface Policy {
  podSelector: Selector;
  policyTypes: string[];
  ingress?: { from?: Peer[]; ports?: Port[] }[];
  egress?: { to?: Peer[]; ports?: Port[] }[];
}

describe.each(overlays)('%s', (overlay) => {
  const pods = podsIn(clusterOf(overlay));
  type Pod = (typeof pods)[number];
  const rows = of(clusterOf(overlay), 'NetworkPolicy').map((one): [string, Policy] => [
    `${one.metadata?.name}`,
    { podSelector: {}, policyTypes: [], ...one.spec },
  ]);
  const policies = rows.map(([, policy]) => policy);
  const isForAll = ({ podSelector }: Policy) => matches(podSelector, {});
  const isDenyAll = (policy: Policy) => isForAll(policy) && !policy.ingress && !policy.egress;

  test('a policy denies everything by default', () => {
    const denied = policies.filter(isDenyAll).flatMap(({ policyTypes }) => policyTypes);
    expect(denied).toEqual(expect.arrayContaining(['Ingress', 'Egress']));
  });

  test.each(named(workloadsOf(manifestsOf(overlay))))('%s has a policy of its own', (_, workload) => {
    const own = policies.filter((policy) => !isForAll(policy) && matches(policy.podSelector, labelsOf(workload)));
    expect(own).not.toEqual([]);
  });

  test.each(rows.filter(([, policy]) => !isDenyAll(policy)))(
    '%s selects pods, names ports, and has rules for its types',
    (_, policy) => {
      const { ingress, egress, policyTypes, podSelector } = policy;
      for (const { ports } of [...(ingress ?? []), ...(egress ?? [])]) expect(ports?.length).toBeGreaterThan(0);
      expect(policyTypes.toSorted()).toEqual([...(egress ? ['Egress'] : []), ...(ingress ? ['Ingress'] : [])]);
      expect(pods.some(({ labels }) => matches(podSelector, labels))).toBe(true);
    },
  );

  test.each(rows.filter(([, { egress }]) => egress))(
    '%s allows only connections that their targets allow',
    (_, policy) => {
      const sources = pods.filter(({ labels }) => matches(policy.podSelector, labels));
      for (const { to = [], ports = [] } of policy.egress ?? [])
        for (const { podSelector = {}, namespaceSelector } of to) {
          if (namespaceSelector) continue;
          const targets = pods.filter(({ labels }) => matches(podSelector, labels));
          expect(targets).not.toEqual([]);
          for (const source of sources)
            for (const target of targets)
              for (const { port } of ports)
                expect({
                  from: source.name,
                  to: target.name,
                  port,
                  allowed: allows(source, target, port),
                }).toMatchObject({
                  allowed: true,
                });
        }
    },
  );

  const allows = (source: Pod, target: Pod, port: Port['port']) =>
    policies
      .filter(({ podSelector }) => matches(podSelector, target.labels))
      .flatMap(({ ingress = [] }) => ingress)
      .some(
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
      );
});
