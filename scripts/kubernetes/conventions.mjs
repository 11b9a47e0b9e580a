// What must hold of our manifests beyond their form: one function for each rule, which answers with a line for each fault. Pods and the
// network have theirs in files of their own.
import {
  containersOf,
  isApp,
  labelsOf,
  lacking,
  matches,
  NAME,
  of,
  podOf,
  podsIn,
  servers,
  told,
  workloadsIn,
} from './manifests.mjs';
import { networkFaults } from './network.mjs';
import { podFaults } from './pods.mjs';
import { APPS as services } from '../../libs/contracts/src/services.ts';
import { documentedSecrets, samplePasswords, variablesOf } from './sources.mjs';

const RULES = [
  ({ manifests }) => podFaults(manifests),
  ({ manifests, cluster }) => networkFaults(manifests, cluster),
  namespaceIsRestricted,
  appsMayBeDisrupted,
  accountsHaveNoRights,
  variablesAreKnown,
  referencesAreFound,
  secretsAreNotHere,
  selectorsSelect,
  scalersScale,
  migrationsAreNamedForTheirRelease,
];

/**
 * @param overlay its name
 * @param manifests what kustomize makes of it
 * @param cluster what shares the namespace with them, themselves too
 */
export function conventionFaults(overlay, manifests, cluster) {
  const all = { overlay, manifests, cluster, workloads: workloadsIn(manifests) };
  return RULES.flatMap((rule) => rule(all)).map((fault) => `${overlay}: ${fault}`);
}

function namespaceIsRestricted({ overlay, manifests, cluster }) {
  return [
    ...lacking(
      of(manifests, 'Namespace'),
      ({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce'] === 'restricted',
      'does not enforce the restricted Pod Security standard',
    ),
    ...(of(cluster, 'Namespace').length === 1 ? [] : ['there is not exactly one Namespace']),
    ...lacking(
      overlay === 'production' ? of(manifests, 'Namespace') : [],
      () => false,
      'would be deleted with the release, and all stores with it',
    ),
    ...lacking(
      manifests,
      ({ kind, metadata }) => kind === 'Namespace' || metadata.namespace === 'bazaar',
      'is not in the namespace bazaar',
    ),
  ];
}

function appsMayBeDisrupted({ manifests, workloads }) {
  return lacking(
    servers(workloads).filter(isApp),
    (workload) =>
      of(manifests, 'PodDisruptionBudget').some(
        ({ spec }) => spec.maxUnavailable >= 1 && matches(spec.selector, labelsOf(workload)),
      ),
    'has no PodDisruptionBudget that lets one go',
  );
}

function accountsHaveNoRights({ manifests, workloads }) {
  const accounts = of(manifests, 'ServiceAccount');
  return [
    ...lacking(accounts, (one) => one.automountServiceAccountToken === false, 'hands out its token'),
    ...lacking(workloads, (one) => podOf(one).automountServiceAccountToken === false, 'takes the token of its account'),
    ...lacking(
      workloads,
      (one) => accounts.some(({ metadata }) => metadata.name === podOf(one).serviceAccountName),
      'has no ServiceAccount of its own',
    ),
  ];
}

/** Each variable of an app, from wherever it comes, is one that its config class knows. */
function variablesAreKnown({ manifests, workloads }) {
  return workloads.filter(isApp).flatMap((workload) => {
    const app = labelsOf(workload)[NAME];
    if (!services.includes(app)) return [`${told(workload)}: its ${NAME} is none of ${services}`];
    const known = variablesOf(app);
    const { env = [], envFrom = [] } = podOf(workload).containers[0];
    const named = [
      ...env.map(({ name }) => name),
      ...envFrom.flatMap(({ configMapRef }) => Object.keys(configMapOf(manifests, configMapRef?.name)?.data ?? {})),
    ];
    return named.filter((name) => !known.has(name)).map((name) => `${told(workload)}: the app knows no ${name}`);
  });
}

const configMapOf = (manifests, name) => of(manifests, 'ConfigMap').find(({ metadata }) => metadata.name === name);

/** Each Secret is made here or documented as somebody else's; a ConfigMap is always made here. */
function referencesAreFound({ manifests, workloads }) {
  const documented = documentedSecrets();
  const secrets = new Set(
    of(manifests, 'Secret').flatMap(({ metadata, data = {} }) =>
      Object.keys(data).map((key) => `${metadata.name}/${key}`),
    ),
  );
  const foundSecret = ({ name, key }) => secrets.has(`${name}/${key}`) || documented.has(`${name}/${key}`);
  const missing = (owner, what) => `${told(owner)}: there is no ${what}, nor is it in deploy/kubernetes/README.md`;
  return [
    ...workloads.flatMap((workload) =>
      containersOf(workload).flatMap(({ env = [], envFrom = [] }) => [
        ...env
          .map(({ valueFrom }) => valueFrom?.secretKeyRef)
          .filter((reference) => reference && !foundSecret(reference))
          .map(({ name, key }) => missing(workload, `Secret ${name} with ${key}`)),
        ...envFrom
          .filter(({ configMapRef }) => !configMapOf(manifests, configMapRef?.name))
          .map((reference) => missing(workload, JSON.stringify(reference))),
      ]),
    ),
    ...of(manifests, 'TriggerAuthentication').flatMap((one) =>
      one.spec.secretTargetRef
        .filter((reference) => !foundSecret(reference))
        .map(({ name, key }) => missing(one, `Secret ${name} with ${key}`)),
    ),
    ...of(manifests, 'Ingress').flatMap((one) =>
      one.spec.tls
        .filter(({ secretName }) => !documented.has(`${secretName}/tls.key`))
        .map(({ secretName }) => missing(one, `Secret ${secretName}`)),
    ),
  ];
}

/** Secrets are in the local overlay alone, and even there none has a password that everybody knows. */
function secretsAreNotHere({ overlay, manifests }) {
  const samples = samplePasswords();
  const passwordIn = (text) => (URL.canParse(text) ? new URL(text).password : text);
  const secrets = of(manifests, 'Secret');
  if (overlay !== 'local') return lacking(secrets, () => false, 'has no place but in the overlay local');
  return secrets.flatMap((secret) =>
    Object.entries(secret.data)
      .filter(([key]) => key !== 'username')
      .filter(([, value]) => samples.includes(passwordIn(Buffer.from(value, 'base64').toString())))
      .map(([key]) => `${told(secret)}: ${key} is a sample, which production refuses`),
  );
}

function selectorsSelect({ manifests, cluster }) {
  const pods = podsIn(cluster);
  const behind = ({ spec }) => pods.filter(({ labels }) => matches({ matchLabels: spec.selector }, labels));
  const services = of(manifests, 'Service');
  return [
    ...lacking(services, (service) => behind(service).length, 'selects no pod'),
    ...services.flatMap((service) =>
      service.spec.ports
        .filter(
          ({ targetPort }) => !behind(service).every(({ ports }) => ports.some(({ name }) => name === targetPort)),
        )
        .map(({ targetPort }) => `${told(service)}: its pods have no port ${targetPort}`),
    ),
    ...lacking(
      of(manifests, 'Deployment', 'StatefulSet'),
      (one) => matches(one.spec.selector, labelsOf(one)),
      'does not select its own pods',
    ),
    ...lacking(
      of(manifests, 'PodDisruptionBudget', 'PodMonitor'),
      ({ spec }) => pods.some(({ labels }) => matches(spec.selector, labels)),
      'selects no pod',
    ),
  ];
}

function scalersScale({ manifests }) {
  const deployments = of(manifests, 'Deployment');
  return of(manifests, 'HorizontalPodAutoscaler', 'ScaledObject').flatMap((scaler) => {
    const name = scaler.spec.scaleTargetRef.name;
    const target = deployments.find(({ metadata }) => metadata.name === name);
    if (!target) return [`${told(scaler)}: there is no Deployment ${name}`];
    return [
      ...(target.spec.replicas === undefined ? [] : [`${told(target)}: its replicas are ${told(scaler)}'s to say`]),
      ...(scaler.spec.triggers ?? [])
        // The queue of requests exists only while an instance runs.
        .filter(({ type, metadata }) => type === 'rabbitmq' && metadata.queueName !== `${name}.events`)
        .map(({ metadata }) => `${told(scaler)}: ${metadata.queueName} is not the durable queue of ${name}`),
    ];
  });
}

function migrationsAreNamedForTheirRelease({ workloads }) {
  return lacking(
    of(workloads, 'Job'),
    (job) => job.metadata.name.endsWith(`-${podOf(job).containers[0].image.split(':').at(-1)}`),
    'is not named for its release, and could not be applied twice',
  );
}
