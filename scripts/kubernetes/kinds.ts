import type { ClusterSpec } from '@cdk8s-kit/crds/pg';
import type { MiddlewareSpec } from '@cdk8s-kit/crds/traefik';
import type { IScaledObject, ITriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import type { IPodMonitor, IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IIoK8sApimachineryPkgApisMetaV1ObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';
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

/** Every kind of manifest in deploy/kubernetes. Other kinds are errors until their types are here. */
export type Manifest = (
  | IConfigMap
  | IDeployment
  | IHorizontalPodAutoscaler
  | IIngress
  | IJob
  | INamespace
  | INetworkPolicy
  | IPodDisruptionBudget
  | IPodMonitor
  | IPrometheusRule
  | IScaledObject
  | ISecret
  | IService
  | IServiceAccount
  | IStatefulSet
  | ITriggerAuthentication
  | CustomResource<'postgresql.cnpg.io/v1', 'Cluster', Plain<ClusterSpec>>
  | CustomResource<'rabbitmq.com/v1beta1', 'RabbitmqCluster', RabbitmqClusterSpec>
  | CustomResource<'traefik.io/v1alpha1', 'Middleware', Plain<MiddlewareSpec>>
) & { metadata?: Metadata };

type Metadata = IIoK8sApimachineryPkgApisMetaV1ObjectMeta;

interface CustomResource<ApiVersion, Kind, Spec> {
  apiVersion: ApiVersion;
  kind: Kind;
  metadata: Metadata;
  spec: Spec;
}

/** cdk8s uses enums for sets of words, and classes for values that are numbers or strings. */
type Plain<T> = T extends string
  ? `${T}`
  : T extends { readonly value: infer V extends string | number }
    ? V
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T;

/** No package has this type: the fields of the cluster operator's CRD that the manifests use. */
interface RabbitmqClusterSpec {
  image: string;
  replicas: number;
  persistence: { storage: string; storageClassName?: string };
  resources: IResourceRequirements;
  affinity: IAffinity;
  rabbitmq: { additionalConfig: string };
  override: { statefulSet: { spec: { template: { spec: IPodSpec } } } };
}
