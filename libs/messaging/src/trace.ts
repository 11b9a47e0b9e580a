import { ROOT_CONTEXT, type Span, type SpanOptions, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

export { SpanKind } from '@opentelemetry/api';

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** What is known of what runs, for its log lines. */
export interface Scope {
  traceId: string;
  /** Of the HTTP request, or the id of the event. */
  requestId?: string;
  /** The request or event, `order.place`; at the gateway the field of the API. */
  pattern?: string;
  userId?: string;
}

type Known = Omit<Scope, 'traceId'>;

const current = new AsyncLocalStorage<Known & { traceparent: string }>();
/** Records nothing until the process exports traces. */
const tracer = trace.getTracer('bazaar');

/** Runs `fn` as part of a W3C trace: the given one, or a new one where there is none or it is malformed. */
export function runWithTrace<T>(traceparent: string | null | undefined, fn: () => T, known: Known = {}): T {
  return current.run({ ...known, traceparent: valid(traceparent) ?? newTraceparent() }, fn);
}

/** As `runWithTrace`; where traces are exported, it is a span of its trace too. */
export function runAsSpan<T>(
  traceparent: string | null | undefined,
  { name, ...options }: SpanOptions & { name: string },
  fn: () => Promise<T>,
  known?: Known,
): Promise<T> {
  return tracer.startActiveSpan(name, options, contextOf(traceparent), async (span) => {
    try {
      return await runWithTrace(traceparentOf(span), fn, known);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The W3C `traceparent` of what runs now; undefined outside of any trace. */
export function currentTraceparent(): string | undefined {
  const span = trace.getActiveSpan();
  return (span && traceparentOf(span)) ?? current.getStore()?.traceparent;
}

/** The id of the trace that this is part of, 32 hexadecimal digits. */
export const currentTraceId = () => currentTraceparent()?.split('-')[1];

/** What there is to tell of what runs now, for every line of the log. */
export function currentScope(): Scope | undefined {
  const traceId = currentTraceId();
  if (!traceId) return undefined;
  const { traceparent: _, ...known } = current.getStore() ?? { traceparent: '' };
  return { ...known, traceId };
}

/** Adds what comes to be known while it runs. */
export function addToScope(known: Known): void {
  const scope = current.getStore();
  if (scope) Object.assign(scope, known);
}

function contextOf(traceparent: string | null | undefined) {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}

function traceparentOf(span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return valid(`00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`);
}

const valid = (traceparent: string | null | undefined) =>
  traceparent && TRACEPARENT.test(traceparent) ? traceparent : undefined;

const newTraceparent = () => `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
