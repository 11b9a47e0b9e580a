import {
  type Attributes,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';

export { SpanKind } from '@opentelemetry/api';

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The context of the running code, for its log lines. */
export interface Scope {
  traceId: string;
  /** The id of the HTTP request, in every service that takes part in it; or the id of the event. */
  requestId?: string;
  /** The request or event, as `order.place`; at the gateway, the field of the API. */
  pattern?: string;
  userId?: string;
}

/** How a span fails. An error of the caller is not an error of the server. */
export interface Failure {
  /** `error.type` in OpenTelemetry's conventions, of low cardinality. */
  readonly type: string;
  readonly isServerError: boolean;
}

type Known = Omit<Scope, 'traceId'>;

const current = new AsyncLocalStorage<Known & { traceparent: string }>();

/** Runs `fn` in the given W3C trace, or in a new one if `traceparent` is missing or malformed. */
export function runWithTrace<T>(traceparent: string | null | undefined, fn: () => T, known: Known = {}): T {
  return current.run({ ...known, traceparent: valid(traceparent) ?? newTraceparent() }, fn);
}

/** Like `runWithTrace`, and records a span if the trace is recorded. */
export function runAsSpan<T>(
  traceparent: string | null | undefined,
  { name, failureOf, ...options }: SpanOptions & { name: string; failureOf: (error: unknown) => Failure },
  fn: () => Promise<T>,
  known?: Known,
): Promise<T> {
  // Other traces get no spans at all, not even of SQL, so that they cost nothing.
  const parent = spanContextOf(traceparent);
  if (!parent || !isSampled(parent)) return context.with(ROOT_CONTEXT, () => runWithTrace(traceparent, fn, known));
  // Records nothing unless the process exports traces.
  const tracer = trace.getTracer('bazaar');
  return tracer.startActiveSpan(name, options, trace.setSpanContext(ROOT_CONTEXT, parent), async (span) => {
    try {
      return await runWithTrace(traceparentOf(span), fn, known);
    } catch (error) {
      fail(span, failureOf(error));
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Renames and describes the active span. `name` has a low cardinality, and no attribute contains personal data. */
export function describeSpan(name: string, attributes: Attributes): void {
  trace.getActiveSpan()?.updateName(name).setAttributes(attributes);
}

/** Records a failure on the active span. */
export function failSpan(failure: Failure): void {
  const span = trace.getActiveSpan();
  if (span) fail(span, failure);
}

function fail(span: Span, { type, isServerError }: Failure): void {
  span.setAttribute('error.type', type);
  if (isServerError) span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

/** The W3C `traceparent` of the running code; undefined outside of a trace. */
export function currentTraceparent(): string | undefined {
  const span = trace.getActiveSpan();
  return (span && traceparentOf(span)) ?? current.getStore()?.traceparent;
}

/** The context that a message to another service carries. */
export interface Origin {
  traceparent?: string;
  requestId?: string;
}

export function currentOrigin(): Origin {
  const traceparent = currentTraceparent();
  const requestId = current.getStore()?.requestId;
  return { ...(traceparent && { traceparent }), ...(requestId && { requestId }) };
}

/** The id of the current trace, 32 hexadecimal digits. */
export const currentTraceId = () => currentTraceparent()?.split('-')[1];

/** The context that every log line includes. */
export function currentScope(): Scope | undefined {
  const traceId = currentTraceId();
  if (!traceId) return undefined;
  const { traceparent: _, ...known } = current.getStore() ?? { traceparent: '' };
  return { ...known, traceId };
}

/** Adds to the context of the running code. */
export function addToScope(known: Known): void {
  const scope = current.getStore();
  if (scope) Object.assign(scope, known);
}

/** Whether the caller records the trace; undefined without a trace. */
export function isRecorded(traceparent: string | null | undefined): boolean | undefined {
  const parent = spanContextOf(traceparent);
  return parent && isSampled(parent);
}

/** Undefined if `traceparent` is missing or malformed. */
function spanContextOf(traceparent: string | null | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (!traceId || !spanId || !flags) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

const isSampled = ({ traceFlags }: SpanContext) => (traceFlags & TraceFlags.SAMPLED) !== 0;

function traceparentOf(span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return valid(`00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`);
}

const valid = (traceparent: string | null | undefined) =>
  traceparent && TRACEPARENT.test(traceparent) ? traceparent : undefined;

/** Only for the logs: its flags mark it as not recorded. */
const newTraceparent = () => `00-${randomHex(16)}-${randomHex(8)}-00`;

/** Random bytes for many ids, since a call for random bytes is slow. */
const random = Buffer.alloc(24 * 256);
let used = random.length;

function randomHex(bytes: number): string {
  if (used + bytes > random.length) {
    randomFillSync(random);
    used = 0;
  }
  used += bytes;
  return random.toString('hex', used - bytes, used);
}
