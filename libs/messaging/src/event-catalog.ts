import { contracts, type Contract, type ServiceName } from '@app/contracts';

const allEvents = Object.values<Contract>(contracts).flatMap(({ service, events }) =>
  Object.values(events).map((event) => ({ source: service, ...event })),
);
const byPattern = new Map(allEvents.map((event) => [event.pattern, event]));

/** The service that publishes an event; undefined for an unknown event. */
export const sourceOf = (type: string): ServiceName | undefined => byPattern.get(type)?.source;

/** The services with a durable queue for an event. */
export const consumersOf = (type: string): readonly ServiceName[] => byPattern.get(type)?.consumers ?? [];

/** The patterns of the events that a service consumes. */
export const patternsFor = (service: ServiceName): string[] =>
  allEvents.filter(({ consumers }) => consumers.includes(service)).map(({ pattern }) => pattern);

/** The services that consume events of this service. */
export const consumersOfAll = (source: ServiceName): ServiceName[] => [
  ...new Set(allEvents.filter((event) => event.source === source).flatMap(({ consumers }) => consumers)),
];
