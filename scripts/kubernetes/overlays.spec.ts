import { describe, expect, test } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '../../libs/contracts/src/services.ts';
import { loadConfig } from '../../libs/platform/src/config/load-config.js';
import { root } from '../workspace.ts';
import {
  appContainerOf,
  appOf,
  clusterOf,
  containersOf,
  folder,
  manifestsOf,
  matches,
  nameOf,
  named,
  of,
  overlays,
  podOf,
  podsIn,
  workloadsOf,
} from './manifests.ts';
import { prometheusRule, ruleFile } from './prometheus-rule.ts';

/** Stands in for the Secrets that exist only in the cluster. */
const SECRETS: Record<string, string> = {
  DATABASE_URL: 'postgresql://app:k3r8w2@postgres/app',
  RABBITMQ_URL: 'amqp://app:k3r8w2@rabbitmq',
  REDIS_URL: 'redis://:k3r8w2@redis',
};
async function configOf(app = '') {
  const module = (await import(`../../apps/${app}/src/config.js`)) as Record<string, Type<object>>;
  const config = Object.values(module).find(({ name }) => /^[A-Z]\w+Config$/.test(name));
  if (!config) throw new Error(`${app} has no config class`);
  return config;
}

const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  .split('\n')
  .flatMap((line) => SERVICES.map((service) => line.replace('<service>', service)));
/** The README lists the Secrets that the manifests do not create, some of them for each `<service>`. */
const isDocumented = (name: string, key: string) =>
  readme.some((line) => line.startsWith(`| \`${name}\``) && line.includes(`\`${key}\``));

test('the PrometheusRule has the rules of observability/prometheus (npm run kubernetes:check -- --write)', () => {
  expect(readFileSync(ruleFile, 'utf8')).toBe(prometheusRule());
});

test('production has every dashboard', () => {
  const files = of(manifestsOf('production'), 'ConfigMap').flatMap(({ data = {} }) => Object.keys(data));
  expect(files).toEqual(expect.arrayContaining(readdirSync(join(root, 'observability', 'grafana', 'dashboards'))));
});

describe.each(overlays)('%s', (overlay) => {
  const manifests = manifestsOf(overlay);
  const cluster = clusterOf(overlay);
  const pods = podsIn(cluster);
  const configMaps = new Map(of(manifests, 'ConfigMap').map(({ metadata, data = {} }) => [metadata?.name, data]));
  const secrets = new Map(of(manifests, 'Secret').map(({ metadata, data = {} }) => [metadata?.name, data]));
  const hasSecret = (name = '', key = '') => key in (secrets.get(name) ?? {}) || isDocumented(name, key);

  test('everything is in one restricted namespace, which a release does not contain', () => {
    expect(of(cluster, 'Namespace')).toHaveLength(1);
    expect(of(cluster, 'Namespace')[0]?.metadata).toMatchObject({
      name: 'bazaar',
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    });
    const others = manifests.filter(({ kind }) => overlay === 'production' || kind !== 'Namespace');
    expect(others.filter(({ metadata }) => metadata?.namespace !== 'bazaar').map(nameOf)).toEqual([]);
  });

  test('only the overlay local has Secrets', () => {
    expect(overlay === 'local' || secrets.size === 0).toBe(true);
  });

  const apps = workloadsOf(manifests).filter(appContainerOf);
  const scalers = of(manifests, 'HorizontalPodAutoscaler', 'ScaledObject');
  const jobs = of(manifests, 'Job');
  const services = of(manifests, 'Service');
  const selecting = of(manifests, 'PodDisruptionBudget', 'PodMonitor');

  if (apps.length > 0)
    test.each(named(apps))('%s accepts its variables', async (_, workload) => {
      const { env = [], envFrom = [] } = appContainerOf(workload) ?? {};
      const settings = envFrom.map(({ configMapRef }) => configMaps.get(configMapRef?.name));
      expect(settings).not.toContain(undefined);
      const variables: Record<string, string> = Object.assign({}, ...settings);
      for (const { name, value, valueFrom } of env) {
        const { secretKeyRef } = valueFrom ?? {};
        const secret = secrets.get(secretKeyRef?.name)?.[secretKeyRef?.key ?? ''];
        variables[name] = value ?? (secret ? Buffer.from(secret, 'base64').toString() : (SECRETS[name] ?? ''));
      }
      const config = await configOf(appOf(workload));
      // In production an app rejects sample passwords.
      expect(() => loadConfig(config, { NODE_ENV: 'production', ...variables })).not.toThrow();
      const known = getMetadataStorage().getTargetValidationMetadatas(config, '', false, false);
      expect(known.map(({ propertyName }) => propertyName)).toEqual(expect.arrayContaining(Object.keys(variables)));
    });

  test('every Secret that is used exists, or the README documents it', () => {
    const used = [
      ...of(manifests, 'TriggerAuthentication').flatMap(({ spec }) => spec?.secretTargetRef ?? []),
      ...of(manifests, 'Ingress').flatMap(({ spec }) =>
        (spec?.tls ?? []).map(({ secretName = '' }) => ({ name: secretName, key: 'tls.key' })),
      ),
      ...workloadsOf(manifests).flatMap((workload) =>
        containersOf(workload).flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? [])),
      ),
    ];
    expect(used.filter(({ name, key }) => !hasSecret(name, key))).toEqual([]);
  });

  if (services.length > 0)
    test.each(named(services))('%s selects pods that have its ports', (_, { spec }) => {
      const behind = pods.filter(({ labels }) => matches({ matchLabels: spec?.selector }, labels));
      expect(behind).not.toEqual([]);
      for (const { ports } of behind)
        expect(ports.map(({ name }) => name)).toEqual(
          expect.arrayContaining((spec?.ports ?? []).map(({ targetPort }) => targetPort)),
        );
    });

  if (selecting.length > 0)
    test.each(named(selecting))('%s selects pods', (_, { spec }) => {
      expect(pods.some(({ labels }) => matches(spec?.selector ?? {}, labels))).toBe(true);
    });

  if (scalers.length > 0)
    test.each(named(scalers))('%s scales a Deployment that sets no replicas', (_, { spec }) => {
      const name = spec?.scaleTargetRef.name ?? '';
      const target = of(manifests, 'Deployment').find(({ metadata }) => metadata?.name === name);
      expect(target).toBeDefined();
      expect(target?.spec).not.toHaveProperty('replicas');
      const triggers = spec && 'triggers' in spec ? spec.triggers : [];
      const queues = triggers.filter(({ type }) => type === 'rabbitmq').map(({ metadata }) => metadata.queueName);
      // The queue of requests exists only while an instance runs.
      for (const queue of queues) expect(queue).toBe(`${name}.events`);
    });

  if (jobs.length > 0)
    // A Job cannot change, so each release needs a new one.
    test.each(named(jobs))('%s has the name of its release', (_, job) => {
      expect(nameOf(job)).toMatch(new RegExp(`-${podOf(job).containers[0]?.image?.split(':').at(-1)}$`));
    });
});
