import { type Context, context, propagation, trace } from '@opentelemetry/api';
import { Logger } from '@nestjs/common';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutValues } from './statement-text.js';
import { isRecorded } from './trace.js';

/** The time for sending the last spans when the process stops. */
const STOP_TIMEOUT_MS = 2_000;

const logger = new Logger('Tracing');

/** OpenTelemetry defines these names. */
export interface TracingConfig {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  /** The share of new traces to record, 0 to 1. */
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

/**
 * Exports traces by OTLP (HTTP, protobuf) if `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. Otherwise it loads nothing of
 * OpenTelemetry's SDK. If the collector is unavailable or slow, spans are lost, and nothing else happens.
 * @returns the function that sends the last spans. It never rejects.
 */
export async function startTracing(service: string, config: TracingConfig): Promise<() => Promise<void>> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = config;
  if (!endpoint) return async () => undefined;
  const [sdk, { AsyncLocalStorageContextManager }, core, resources, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
  ]);
  /** Binding a request's streams costs half as much as a span, so it is skipped in traces that are not recorded. */
  class ContextManager extends AsyncLocalStorageContextManager {
    override bind<T>(bound: Context, target: T): T {
      return core.isTracingSuppressed(bound) ? target : super.bind(bound, target);
    }
  }
  const exporter = new OTLPTraceExporter({ url: new URL('v1/traces', `${endpoint.replace(/\/$/, '')}/`).href });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': service, 'service.namespace': 'bazaar' }),
    // The HTTP instrumentation below decides which traces to record.
    sampler: new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });
  const warnOfLostSpans = (error: unknown) =>
    logger.warn(`Spans could not be sent to the collector and are lost: ${messageOf(error)}`);
  core.setGlobalErrorHandler(warnOfLostSpans);
  context.setGlobalContextManager(new ContextManager().enable());
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  await instrument(ratio);
  return async () => {
    const late = sleep(STOP_TIMEOUT_MS, undefined, { ref: false }).then(() =>
      Promise.reject(new Error('the collector is slow')),
    );
    await Promise.race([provider.shutdown(), late]).catch(warnOfLostSpans);
  };
}

/** Instruments HTTP and SQL. Messages between services create their spans themselves (`trace.ts`), on both transports. */
async function instrument(ratio: number) {
  const [{ registerInstrumentations }, { HttpInstrumentation }, { PgInstrumentation }] = await Promise.all([
    import('@opentelemetry/instrumentation'),
    import('@opentelemetry/instrumentation-http'),
    import('@opentelemetry/instrumentation-pg'),
  ]);
  registerInstrumentations({
    instrumentations: [
      new HttpInstrumentation({
        // Creates no span in a trace that is not recorded: a discarded span costs half as much as one that is sent.
        ignoreIncomingRequestHook: ({ url, headers }) =>
          /^\/(health|metrics)\b/.test(url ?? '') ||
          !(isRecorded(headers.traceparent?.toString()) ?? Math.random() < ratio),
        disableOutgoingRequestInstrumentation: true,
        // The query string of a GET contains the document and its variables.
        startIncomingSpanHook: ({ url }) => (url?.includes('?') ? { 'url.query': 'REDACTED' } : {}),
      }),
      new PgInstrumentation({
        // Statements outside of a trace, as of the relay, would each become a trace.
        requireParentSpan: true,
        ignoreConnectSpans: true,
        requestHook: (span, { query }) => {
          if (span.isRecording()) span.setAttribute('db.query.text', withoutValues(query.text));
        },
      }),
    ],
  });
  // The instrumentations patch a module in place when it is required, also for code that has already imported it.
  const require = createRequire(import.meta.url);
  for (const name of ['node:http', 'pg', 'pg-pool']) require(name);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
