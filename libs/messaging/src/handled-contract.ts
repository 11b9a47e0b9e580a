import { contracts, type Contract, type ServiceName } from '@app/contracts';
import { patternsFor } from './event-catalog.js';

/**
 * Compares the patterns that a service has handlers for with its contract, so that a mistake is found at startup and not by a
 * request that is never answered or an event that is never handled.
 * @throws Error that names every pattern without a handler, or every handler whose pattern never reaches the service.
 */
export function assertHandlersMatch(service: ServiceName, requests: string[], events: string[]): void {
  const own = Object.values((contracts[service] as Contract).requests).map(({ pattern }) => pattern);
  const consumed = patternsFor(service);
  const missing = [...without(own, requests), ...without(consumed, events)];
  if (missing.length)
    throw new Error(`The ${service} service has no handler for ${missing.join(', ')}: add @OnRequest or @OnEvent`);
  const unreachable = [...without(requests, own), ...without(events, consumed)];
  if (unreachable.length)
    throw new Error(
      `The ${service} service handles ${unreachable.join(', ')}, which its contract does not send to it: ` +
        `a request belongs to another service, or an event does not name '${service}' as a consumer`,
    );
}

const without = (patterns: string[], others: string[]) => patterns.filter((pattern) => !others.includes(pattern));
