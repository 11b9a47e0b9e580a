import { AppError, orders, products, users, type Event, type ServiceName } from '@app/contracts';
import { Logger } from '@nestjs/common';
import { BaseRpcContext, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { readCloudEvent, type CloudEvent } from './cloud-event.js';
import { toAppError } from './failure.js';
import { runWithTrace } from './trace.js';

/** How long a failing event waits before each further try, in ms; after the last it is a dead letter. */
export const RETRY_DELAYS_MS: readonly number[] = [1_000, 10_000, 60_000];

/** What an event handler's second argument and its interceptors see. */
export class EventContext extends BaseRpcContext<[CloudEvent]> {
  get event(): CloudEvent {
    return this.args[0];
  }
}

export type Outcome =
  { kind: 'done' } | { kind: 'retry'; delayMs: number; reason: string } | { kind: 'dead'; reason: string };

type Handlers = Map<string, MessageHandler>;

const logger = new Logger('Events');

/** Gives one event to its handler. Never throws: says what is to become of the message. `attempts` counts earlier tries. */
export async function deliver(
  handlers: Handlers,
  body: string,
  attempts: number,
  delaysMs: readonly number[],
): Promise<Outcome> {
  let name = 'a message';
  try {
    const event = readCloudEvent(body);
    name = `${event.type} ${event.id}`;
    const handler = handlers.get(event.type);
    if (!handler) throw new AppError('BAD_USER_INPUT', `no handler for ${event.type}`);
    await runWithTrace(event.traceparent, async () => {
      const result: unknown = await handler(event.data, new EventContext([event]));
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    });
    return { kind: 'done' };
  } catch (error) {
    const outcome = afterFailure(error, attempts, delaysMs);
    const next = outcome.kind === 'retry' ? `again in ${outcome.delayMs} ms` : 'given up';
    logger.error(
      `${name} failed (try ${attempts + 1}, ${next}): ${outcome.reason}`,
      error instanceof Error ? error.stack : undefined,
    );
    return outcome;
  }
}

/** Poison is given up at once; while a service or a database is away, an event waits however long that takes. */
function afterFailure(
  error: unknown,
  attempts: number,
  delaysMs: readonly number[],
): Exclude<Outcome, { kind: 'done' }> {
  const { code } = toAppError(error);
  const reason = (error instanceof AppError ? `${code}: ${error.message}` : String(error))
    .replaceAll('\0', '')
    .slice(0, 500);
  const delayMs = delaysMs[code === 'SERVICE_UNAVAILABLE' ? Math.min(attempts, delaysMs.length - 1) : attempts];
  if (code === 'BAD_USER_INPUT' || delayMs === undefined) return { kind: 'dead', reason };
  return { kind: 'retry', delayMs, reason };
}

const allEvents: Event[] = [users, products, orders].flatMap((contract) => Object.values(contract.events));

/** The services that must hear of an event, however late they start. */
export const consumersOf = (type: string): readonly ServiceName[] =>
  allEvents.find(({ pattern }) => pattern === type)?.consumers ?? [];

/** The patterns of the events that a service is a consumer of. */
export const patternsFor = (service: ServiceName): string[] =>
  allEvents.filter(({ consumers }) => consumers.includes(service)).map(({ pattern }) => pattern);

/** The services that hear of what this one tells. */
export const consumersOfAll = (source: ServiceName): ServiceName[] => [
  ...new Set(allEvents.filter(({ pattern }) => pattern.startsWith(`${source}.`)).flatMap(({ consumers }) => consumers)),
];

/** @throws when a handler's event would never reach it, so that the mistake is met at start and not by a lost event. */
export function assertConsumer(service: ServiceName, handlers: Handlers): void {
  for (const type of handlers.keys()) {
    if (!consumersOf(type).includes(service)) {
      throw new Error(`${service} handles ${type}, whose contract does not name it: event(Payload, '${service}')`);
    }
  }
}

/** @throws when it is the event's second handler: they would share one inbox row, and only one would run. */
export function addEventHandler(handlers: Handlers, type: string, handler: MessageHandler, isEvent: boolean): void {
  if (!isEvent) return;
  if (handlers.has(type)) throw new Error(`${type} has two handlers in one service: let one call the other`);
  handlers.set(type, handler);
}
