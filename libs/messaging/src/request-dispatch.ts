import { AppError, type ErrorData, failureOf } from '@app/contracts';
import type { BaseRpcContext, MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom, TimeoutError, timeout, type Observable, catchError, tap, throwError } from 'rxjs';
import { checkedSize, MAX_MESSAGE_BYTES } from './message-size.js';
import { outcomeOf, requestClientDuration, requestServerDuration, stopwatch, type RequestOutcome } from './metrics.js';
import { type Origin, runAsSpan, SpanKind } from '@app/telemetry';

export interface IncomingRequest extends Origin {
  pattern: string;
  data: unknown;
}

export type Answer = { response: unknown } | { err: ErrorData };

/** The maximum number of requests that a service handles concurrently. Further requests wait until their deadline. */
export const REQUESTS_AT_ONCE = 64;

/** Passes one request to its handler and returns the reply as JSON. Never throws. */
export async function answerTo(
  handlers: Map<string, MessageHandler>,
  { pattern, data, traceparent, requestId }: IncomingRequest,
  context: BaseRpcContext,
): Promise<string> {
  const handler = handlers.get(pattern);
  if (!handler) return refused(unavailable(`No handler for ${pattern}`));
  const elapsed = stopwatch();
  const measure = (outcome: RequestOutcome) =>
    requestServerDuration.observe({ service: serviceOf(pattern), pattern, outcome }, elapsed());
  try {
    const response = await runAsSpan(
      traceparent,
      { name: pattern, kind: SpanKind.SERVER, failureOf },
      async () => {
        const result: unknown = await handler(data, context);
        return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
      },
      { pattern, requestId, userId: userOf(data) },
    );
    const reply = checkedSize(JSON.stringify({ response } satisfies Answer), `reply to ${pattern}`);
    measure('OK');
    return reply;
  } catch (error) {
    measure(outcomeOf(error));
    return refused(error);
  }
}

/** The user that a request is made for (`Caller`). */
const userOf = (data: unknown) => (data as { caller?: { userId?: string } } | null | undefined)?.caller?.userId;

/** The error as a reply, without its details if they are too large for a message. */
function refused(error: unknown): string {
  const err = AppError.from(error).toJSON();
  const reply = JSON.stringify({ err } satisfies Answer);
  if (Buffer.byteLength(reply) <= MAX_MESSAGE_BYTES) return reply;
  return JSON.stringify({ err: { code: err.code, message: err.message.slice(0, 1_000) } } satisfies Answer);
}

/** Returns the reply, or fails with an AppError within the deadline in every case. */
export function withDeadline<T>(answer$: Observable<T>, { caller, pattern, timeoutMs }: Asking): Observable<T> {
  const elapsed = stopwatch();
  const measure = (outcome: RequestOutcome) =>
    requestClientDuration.observe({ service: caller, pattern, outcome }, elapsed());
  return answer$.pipe(
    timeout(timeoutMs),
    catchError((error: unknown) => throwError(() => requestFailure(error))),
    tap({ complete: () => measure('OK'), error: (error) => measure(outcomeOf(error)) }),
  );
}

interface Asking {
  caller: string;
  pattern: string;
  timeoutMs: number;
}

function requestFailure(error: unknown): AppError {
  if (error instanceof TimeoutError) return new AppError('SERVICE_TIMEOUT', 'The service did not answer in time');
  const known = AppError.from(error);
  // Any other error comes from the connection to the service: no broker, or a broken connection.
  const own =
    error instanceof AppError ||
    (typeof error === 'object' && error !== null && 'code' in error && known.code === error.code);
  return own ? known : unavailable('The service is unreachable');
}

export const unavailable = (message: string) => new AppError('SERVICE_UNAVAILABLE', message);

/** `order` of `order.place` */
export const serviceOf = (pattern: string) => pattern.split('.', 1)[0]!;
