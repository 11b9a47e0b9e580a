import { type Context, context, propagation, trace } from '@opentelemetry/api';
import { Logger } from '@nestjs/common';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutValues } from './statement-text.js';
import { isKept } from './trace.js';

/** What the last spans may take to be sent, as the process stops. */
const STOP_TIMEOUT_MS = 2_000;

const logger = new Logger('Tracing');

/** The names are OpenTelemetry's. */
export interface TracingConfig {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  /** The share of traces that begin here and are kept, 0 to 1. */
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

/**
 * Exports traces by OTLP (HTTP, protobuf) where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; nothing of OpenTelemetry's SDK
 * is loaded otherwise. A collector that is away or slow costs spans, and nothing else.
 * @returns what sends the last spans; it never rejects.
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
  /** To bind a request's streams costs half of a span, and no span is begun in a trace that is not kept. */
  class ContextManager extends AsyncLocalStorageContextManager {
    override bind<T>(bound: Context, target: T): T {
      return core.isTracingSuppressed(bound) ? target : super.bind(bound, target);
    }
  }
  const exporter = new OTLPTraceExporter({ url: new URL('v1/traces', `${endpoint.replace(/\/$/, '')}/`).href });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': service, 'service.namespace': 'bazaar' }),
    // Which traces are begun is decided where requests come in.
    sampler: new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });
  const tellOfLoss = (error: unknown) =>
    logger.warn(`Spans were lost on their way to the collector: ${messageOf(error)}`);
  core.setGlobalErrorHandler(tellOfLoss);
  context.setGlobalContextManager(new ContextManager().enable());
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  await instrument(ratio);
  return async () => {
    const late = sleep(STOP_TIMEOUT_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('it is slow')));
    await Promise.race([provider.shutdown(), late]).catch(tellOfLoss);
  };
}

/** HTTP and SQL; what goes between services makes its own spans (`trace.ts`), over either transport. */
async function instrument(ratio: number) {
  const [{ registerInstrumentations }, { HttpInstrumentation }, { PgInstrumentation }] = await Promise.all([
    import('@opentelemetry/instrumentation'),
    import('@opentelemetry/instrumentation-http'),
    import('@opentelemetry/instrumentation-pg'),
  ]);
  registerInstrumentations({
    instrumentations: [
      new HttpInstrumentation({
        // Of what is not kept no span is begun: one that is thrown away costs half as much as one that is sent.
        ignoreIncomingRequestHook: ({ url, headers }) =>
          /^\/(health|metrics)\b/.test(url ?? '') ||
          !(isKept(headers.traceparent?.toString()) ?? Math.random() < ratio),
        disableOutgoingRequestInstrumentation: true,
        // Of a GET it holds the document and its variables.
        startIncomingSpanHook: ({ url }) => (url?.includes('?') ? { 'url.query': 'REDACTED' } : {}),
      }),
      new PgInstrumentation({
        // Statements of the relay and the like, which belong to no trace, would be one each.
        requireParentSpan: true,
        ignoreConnectSpans: true,
        requestHook: (span, { query }) => {
          if (span.isRecording()) span.setAttribute('db.query.text', withoutValues(query.text));
        },
      }),
    ],
  });
  // They patch what is required from now on, in place: who has imported it already has it patched as well.
  const require = createRequire(import.meta.url);
  for (const name of ['node:http', 'pg', 'pg-pool']) require(name);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
