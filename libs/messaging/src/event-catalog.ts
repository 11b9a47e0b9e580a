import { contracts, type Contract, type ServiceName } from '@app/contracts';

const allEvents = Object.values<Contract>(contracts).flatMap(({ service, events }) =>
  Object.values(events).map((event) => ({ source: service, ...event })),
);
const byPattern = new Map(allEvents.map((event) => [event.pattern, event]));

/** Who tells an event; undefined for one that no contract has. */
export const sourceOf = (type: string): ServiceName | undefined => byPattern.get(type)?.source;

/** The services that must hear of an event, however late they start. */
export const consumersOf = (type: string): readonly ServiceName[] => byPattern.get(type)?.consumers ?? [];

/** The patterns of the events that a service is a consumer of. */
export const patternsFor = (service: ServiceName): string[] =>
  allEvents.filter(({ consumers }) => consumers.includes(service)).map(({ pattern }) => pattern);

/** The services that hear of what this one tells. */
export const consumersOfAll = (source: ServiceName): ServiceName[] => [
  ...new Set(allEvents.filter((event) => event.source === source).flatMap(({ consumers }) => consumers)),
];
