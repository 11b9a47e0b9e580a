// What must hold of every pod.
import { stopSeconds } from './sources.mjs';
import { containersOf, isApp, labelsOf, matches, podOf, servers, unmet, workloadsIn } from './manifests.mjs';

const PRIVATE_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** @returns a line for each fault. */
export const podFaults = (manifests) =>
  [restricted, pinned, sized, probed, losesNoRequest].flatMap((rule) => rule(workloadsIn(manifests)));

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a root file system that is read only. */
const restricted = (workloads) =>
  workloads.flatMap((workload) => {
    const { securityContext = {}, volumes = [], ...pod } = podOf(workload);
    return [
      ...unmet(
        workload,
        [securityContext.runAsNonRoot === true, 'its pod does not say runAsNonRoot'],
        [securityContext.runAsUser > 0, 'its pod has no user, or root'],
        [securityContext.seccompProfile?.type === 'RuntimeDefault', 'its pod has no seccomp profile'],
        [!(pod.hostNetwork || pod.hostPID || pod.hostIPC), 'its pod uses what is the host’s'],
        [!securityContext.sysctls?.length, 'its pod sets sysctls'],
        [
          volumes.every((volume) => PRIVATE_VOLUMES.some((type) => type in volume)),
          'its pod mounts what is the host’s',
        ],
      ),
      ...containersOf(workload).flatMap(({ name, ports = [], securityContext: own = {} }) =>
        unmet(
          workload,
          [own.allowPrivilegeEscalation === false, `${name} may gain privileges`],
          [own.readOnlyRootFilesystem === true, `${name} can write to its image`],
          [own.privileged !== true, `${name} is privileged`],
          [own.runAsNonRoot !== false && own.runAsUser !== 0, `${name} may run as root`],
          [(own.seccompProfile?.type ?? 'RuntimeDefault') === 'RuntimeDefault', `${name} has another seccomp profile`],
          [own.capabilities?.drop?.includes('ALL'), `${name} does not drop all capabilities`],
          [!own.capabilities?.add?.length, `${name} adds capabilities`],
          [ports.every(({ hostPort }) => !hostPort), `${name} takes a port of the host`],
        ),
      ),
    ];
  });

const pinned = (workloads) =>
  workloads.flatMap((workload) =>
    containersOf(workload).flatMap(({ image = '' }) =>
      unmet(workload, [
        /(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(image),
        `its image ${image} names no version`,
      ]),
    ),
  );

const sized = (workloads) =>
  workloads.flatMap((workload) =>
    containersOf(workload).flatMap(({ name, resources: { requests, limits } = {} }) =>
      unmet(
        workload,
        [requests?.cpu && requests?.memory, `${name} requests no cpu or no memory`],
        [limits?.memory, `${name} has no limit of memory`],
      ),
    ),
  );

const probed = (workloads) =>
  servers(workloads).flatMap((workload) =>
    podOf(workload).containers.flatMap(({ name, startupProbe, livenessProbe, readinessProbe }) =>
      unmet(
        workload,
        [startupProbe || !isApp(workload), `${name} has no startupProbe`],
        [livenessProbe, `${name} has no livenessProbe`],
        [readinessProbe, `${name} has no readinessProbe`],
      ),
    ),
  );

/** A new instance is ready before an old one is told to stop, and that one has the time that it needs. */
const losesNoRequest = (workloads) =>
  servers(workloads)
    .filter(isApp)
    .flatMap((workload) => {
      const { maxUnavailable, maxSurge } = workload.spec.strategy?.rollingUpdate ?? {};
      const { terminationGracePeriodSeconds: grace, containers, topologySpreadConstraints: spread } = podOf(workload);
      const sleeps = containers[0].lifecycle?.preStop?.sleep?.seconds ?? 0;
      return unmet(
        workload,
        [maxUnavailable === 0 && maxSurge >= 1, 'a rollout takes instances away before others are ready'],
        [sleeps >= 5, 'it stops before others have heard of it (preStop)'],
        [
          grace >= sleeps + stopSeconds(),
          'terminationGracePeriodSeconds is shorter than preStop and the stop of the app',
        ],
        [
          spread?.some(({ labelSelector }) => matches(labelSelector, labelsOf(workload))),
          'its instances are not spread',
        ],
      );
    });
