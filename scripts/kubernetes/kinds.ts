import type { ClusterSpec } from '@cdk8s-kit/crds/pg';
import type { MiddlewareSpec } from '@cdk8s-kit/crds/traefik';
import type { IIoK8sApimachineryPkgApisMetaV1ObjectMeta as ObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';
import type { IScaledObject, ITriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import type { IPodMonitor, IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type {
  IAffinity,
  IConfigMap,
  INamespace,
  IPodSpec,
  IResourceRequirements,
  ISecret,
  IService,
  IServiceAccount,
} from 'kubernetes-models/v1';

/** Every kind that deploy/kubernetes may hold, by apiVersion and kind. Another is a fault until its type is here. */
export interface Kinds {
  'v1 ConfigMap': IConfigMap;
  'v1 Namespace': INamespace;
  'v1 Secret': ISecret;
  'v1 Service': IService;
  'v1 ServiceAccount': IServiceAccount;
  'apps/v1 Deployment': IDeployment;
  'apps/v1 StatefulSet': IStatefulSet;
  'autoscaling/v2 HorizontalPodAutoscaler': IHorizontalPodAutoscaler;
  'batch/v1 Job': IJob;
  'keda.sh/v1alpha1 ScaledObject': IScaledObject;
  'keda.sh/v1alpha1 TriggerAuthentication': ITriggerAuthentication;
  'monitoring.coreos.com/v1 PodMonitor': IPodMonitor;
  'monitoring.coreos.com/v1 PrometheusRule': IPrometheusRule;
  'networking.k8s.io/v1 Ingress': IIngress;
  'networking.k8s.io/v1 NetworkPolicy': INetworkPolicy;
  'policy/v1 PodDisruptionBudget': IPodDisruptionBudget;
  'postgresql.cnpg.io/v1 Cluster': CustomResource<Plain<ClusterSpec>>;
  'rabbitmq.com/v1beta1 RabbitmqCluster': CustomResource<RabbitmqClusterSpec>;
  'traefik.io/v1alpha1 Middleware': CustomResource<Plain<MiddlewareSpec>>;
}

interface CustomResource<Spec> {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: Spec;
}

/** cdk8s has an enum for each set of words, and a class for what may be a number or a text. */
type Plain<T> = T extends string
  ? `${T}`
  : T extends { readonly value: infer V extends string | number }
    ? V
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T;

/** No package has this one: what we use of the cluster operator's CRD, written by hand, so that any other field is refused. */
interface RabbitmqClusterSpec {
  image: string;
  replicas: number;
  persistence: { storage: string; storageClassName?: string };
  resources: IResourceRequirements;
  affinity: IAffinity;
  rabbitmq: { additionalConfig: string };
  override: { statefulSet: { spec: { template: { spec: IPodSpec } } } };
}
