import { describe, expect, test } from '@jest/globals';
import { DEFAULT_PORTS, type AppName } from '../../libs/contracts/src/services.ts';
import { STOP_TIMEOUT_MS } from '../../libs/platform/src/run-service.js';
import {
  appContainerOf,
  appOf,
  containersOf,
  labelsOf,
  manifestsOf,
  matches,
  named,
  of,
  overlays,
  podOf,
  workloadsOf,
  type Workload,
} from './manifests.ts';

const PRIVATE_VOLUMES = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];

/** The ports that serve more than health and metrics. */
const portsOf = (app: Workload) =>
  (appContainerOf(app)?.ports ?? []).filter(({ name }) => name === 'http').map(({ containerPort }) => containerPort);

describe.each(overlays)('%s', (overlay) => {
  const manifests = manifestsOf(overlay);
  const workloads = workloadsOf(manifests);

  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and read-only root file systems
  test.each(named(workloads))('%s runs restricted', (_, workload) => {
    const { securityContext, volumes = [], ...pod } = podOf(workload);
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(securityContext?.runAsUser).toBeGreaterThan(0);
    expect(securityContext).not.toHaveProperty('sysctls');
    expect(pod).not.toMatchObject({ hostNetwork: true });
    expect(pod).not.toMatchObject({ hostPID: true });
    expect(pod).not.toMatchObject({ hostIPC: true });
    for (const { name: _name, ...volume } of volumes) expect(PRIVATE_VOLUMES).toContain(Object.keys(volume)[0]);
    for (const { securityContext, ports = [] } of containersOf(workload)) {
      // Exactly this, so that nothing can weaken the context of the pod.
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      for (const port of ports) expect(port).not.toHaveProperty('hostPort');
    }
  });

  test.each(named(workloads))('%s has pinned images and limited resources', (_, workload) => {
    for (const { image, resources } of containersOf(workload)) {
      expect(image).toMatch(/(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/);
      const given = expect.anything();
      expect(resources).toMatchObject({ requests: { cpu: given, memory: given }, limits: { memory: given } });
    }
  });

  test.each(named(workloads))('%s has a service account without a token', (_, workload) => {
    const { automountServiceAccountToken, serviceAccountName } = podOf(workload);
    expect(automountServiceAccountToken).toBe(false);
    const account = of(manifests, 'ServiceAccount').find(({ metadata }) => metadata?.name === serviceAccountName);
    expect(account).toMatchObject({ automountServiceAccountToken: false });
  });

  test.each(named(of(manifests, 'Deployment', 'StatefulSet')))('%s selects and probes its pods', (_, server) => {
    expect(matches(server.spec?.selector ?? {}, labelsOf(server))).toBe(true);
    const probe = expect.anything();
    const probes = { livenessProbe: probe, readinessProbe: probe };
    for (const container of podOf(server).containers)
      expect(container).toMatchObject(container.name === 'app' ? { ...probes, startupProbe: probe } : probes);
  });

  const apps = of(manifests, 'Deployment').filter(appContainerOf);
  const ofHttp = apps.filter((app) => portsOf(app).length > 0);
  if (ofHttp.length > 0)
    test.each(named(ofHttp))('%s serves HTTP on the default port of the app', (_, app) => {
      expect(portsOf(app)).toEqual([DEFAULT_PORTS[appOf(app) as AppName]]);
    });

  if (apps.length > 0)
    test.each(named(apps))('%s loses no request during rollouts and disruptions', (_, app) => {
      expect(app.spec?.strategy?.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
      const { terminationGracePeriodSeconds, topologySpreadConstraints = [] } = podOf(app);
      const sleep = appContainerOf(app)?.lifecycle?.preStop?.sleep?.seconds ?? 0;
      expect(sleep).toBeGreaterThanOrEqual(5);
      expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(sleep + STOP_TIMEOUT_MS / 1_000);
      const spread = topologySpreadConstraints.map(({ labelSelector }) => matches(labelSelector ?? {}, labelsOf(app)));
      expect(spread).toContain(true);
      const budgets = of(manifests, 'PodDisruptionBudget').filter(({ spec }) =>
        matches(spec?.selector ?? {}, labelsOf(app)),
      );
      expect(budgets.map(({ spec }) => spec?.maxUnavailable)).toEqual([1]);
    });
});
