import { AppError, failureOf } from '@app/contracts';
import { Logger } from '@nestjs/common';
import { BaseRpcContext, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { readCloudEvent, type CloudEvent } from './cloud-event.js';
import { toAppError } from './failure.js';
import { eventDelay, eventDuration, eventsConsumed, stopwatch } from './metrics.js';
import { runAsSpan, SpanKind } from '@app/telemetry';

/** The delays before each retry of a failing event, in ms. After the last retry the event becomes a dead letter. */
export const RETRY_DELAYS_MS: readonly number[] = [1_000, 10_000, 60_000];

/** While a dependency is unavailable, only the first two delays are used, so that events are handled soon after it recovers. */
const UNAVAILABLE_DELAYS = 2;

/** The context of an event handler and its interceptors. */
export class EventContext extends BaseRpcContext<[event: CloudEvent, consumer: string]> {
  get event(): CloudEvent {
    return this.args[0];
  }

  get consumer(): string {
    return this.args[1];
  }
}

export type Outcome =
  { kind: 'done' } | { kind: 'retry'; delayMs: number; reason: string } | { kind: 'dead'; reason: string };

type Handlers = Map<string, MessageHandler>;

const logger = new Logger('Events');

export interface Delivery {
  /** The service or gateway that receives the event. */
  consumer: string;
  body: string;
  /** The number of earlier attempts. */
  attempts: number;
  delaysMs: readonly number[];
}

/** Passes one event to its handler. Never throws: the outcome says what to do with the message. */
export async function deliver(handlers: Handlers, { consumer, body, attempts, delaysMs }: Delivery): Promise<Outcome> {
  let name = 'a message';
  const labels = { service: consumer, event: 'unknown' };
  const elapsed = stopwatch();
  try {
    const event = readCloudEvent(body);
    name = `${event.type} ${event.id}`;
    const handler = handlers.get(event.type);
    if (!handler) throw new AppError('BAD_USER_INPUT', `no handler for ${event.type}`);
    labels.event = event.type;
    await runAsSpan(
      event.traceparent,
      { name: event.type, kind: SpanKind.CONSUMER, failureOf },
      async () => {
        const result: unknown = await handler(event.data, new EventContext([event, consumer]));
        if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      },
      { pattern: event.type, requestId: event.id },
    );
    eventsConsumed.inc({ ...labels, outcome: 'done' });
    eventDuration.observe(labels, elapsed());
    // The clock of the publisher's machine may be ahead.
    eventDelay.observe(labels, Math.max(0, Date.now() - Date.parse(event.time)) / 1000);
    return { kind: 'done' };
  } catch (error) {
    const outcome = afterFailure(error, attempts, delaysMs);
    eventsConsumed.inc({ ...labels, outcome: outcome.kind });
    const next = outcome.kind === 'retry' ? `retry in ${outcome.delayMs} ms` : 'dead letter';
    logger.error(
      `${name} failed (attempt ${attempts + 1}, ${next}): ${outcome.reason}`,
      error instanceof Error ? error.stack : undefined,
    );
    return outcome;
  }
}

/** An invalid event is dead-lettered at once. While a service or a database is unavailable, an event is retried without limit. */
function afterFailure(
  error: unknown,
  attempts: number,
  delaysMs: readonly number[],
): Exclude<Outcome, { kind: 'done' }> {
  const { code } = toAppError(error);
  const reason = (error instanceof AppError ? `${code}: ${error.message}` : String(error))
    .replaceAll('\0', '')
    .slice(0, 500);
  const delayMs = delaysMs[code === 'SERVICE_UNAVAILABLE' ? Math.min(attempts, UNAVAILABLE_DELAYS - 1) : attempts];
  if (code === 'BAD_USER_INPUT' || delayMs === undefined) return { kind: 'dead', reason };
  return { kind: 'retry', delayMs, reason };
}

/** @throws for the second handler of an event: both would share one inbox row, so only one would run. */
export function addEventHandler(handlers: Handlers, type: string, handler: MessageHandler, isEvent: boolean): void {
  if (!isEvent) return;
  if (handlers.has(type)) throw new Error(`${type} has two handlers in one service: let one call the other`);
  handlers.set(type, handler);
}
