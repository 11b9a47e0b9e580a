// Scripts import this file directly and Node strips its types: no imports, enums or decorators.

/** The services: each has a contract, a database and queues of its own. */
export const SERVICES = ['user', 'product', 'order'] as const;

export type ServiceName = (typeof SERVICES)[number];

/** Every app that is deployed on its own. */
export const APPS = ['gateway', ...SERVICES] as const;

export type AppName = (typeof APPS)[number];

/** The port that each app listens on unless PORT is set. */
export const DEFAULT_PORTS: Readonly<Record<AppName, number>> = {
  gateway: 4000,
  user: 5000,
  product: 6000,
  order: 7000,
};
