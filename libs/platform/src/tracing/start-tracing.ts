import { context, propagation, trace } from '@opentelemetry/api';
import { createRequire } from 'node:module';
import type { ServiceConfig } from '../config/service-config.js';

/**
 * Exports traces by OTLP (HTTP, protobuf) where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; nothing of OpenTelemetry's SDK
 * is loaded otherwise.
 * @returns what sends the last spans.
 */
export async function startTracing(service: string, config: ServiceConfig): Promise<() => Promise<void>> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = config;
  if (!endpoint) return async () => undefined;
  const [sdk, { AsyncLocalStorageContextManager }, { W3CTraceContextPropagator }, resources, { OTLPTraceExporter }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
    ]);
  const exporter = new OTLPTraceExporter({ url: new URL('v1/traces', `${endpoint.replace(/\/$/, '')}/`).href });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': service, 'service.namespace': 'bazaar' }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  await instrument();
  return () => provider.shutdown();
}

/** HTTP and SQL; what goes between services makes its own spans (`libs/messaging/src/trace.ts`), over either transport. */
async function instrument() {
  const [{ registerInstrumentations }, { HttpInstrumentation }, { PgInstrumentation }] = await Promise.all([
    import('@opentelemetry/instrumentation'),
    import('@opentelemetry/instrumentation-http'),
    import('@opentelemetry/instrumentation-pg'),
  ]);
  registerInstrumentations({
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url }) => /^\/(health|metrics)\b/.test(url ?? ''),
        disableOutgoingRequestInstrumentation: true,
      }),
      // Statements of the relay and the like, which belong to no trace, would be one each.
      new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
    ],
  });
  // They patch what is required from now on, in place: who has imported it already has it patched as well.
  const require = createRequire(import.meta.url);
  for (const name of ['node:http', 'pg', 'pg-pool']) require(name);
}
