// npm run trace: places one order on the real stack and prints its trace, each span below its parent.
import { setTimeout as sleep } from 'node:timers/promises';
import { OtlpReceiver, type Span } from '../test/otlp-receiver.ts';
import { ask, createProduct, signIn, startStack } from './stack.ts';

const DEADLINE_MS = 60_000;
const MAX_TEXT = 70;

const PLACE = 'mutation Checkout($input: OrderInput!) { placeOrder(input: $input) { id } }';

const collector = await OtlpReceiver.start();
const stack = await startStack({
  environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '1' },
});
try {
  const seller = await signIn(stack);
  const product = { name: 'Tea pot', price: 24.99, description: 'Holds a litre', stock: 1_000 };
  const productId = await createProduct(stack, seller, product);
  const place = () => ask(stack, PLACE, { token: seller.token, input: { items: [{ productId, quantity: 1 }] } });
  // To warm up.
  for (let i = 0; i < 200; i++) await place();
  await sleep(2_000);
  await place();
  print(await lastTrace());
} finally {
  await stack.stop();
  await collector.stop();
}

/** The last order's trace, once all its events are consumed. */
async function lastTrace() {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(100)) {
    const roots = collector.spans.filter(({ name }) => name === 'mutation placeOrder');
    const last = roots.toSorted((a, b) => a.start - b.start).at(-1);
    const trace = last && roots.length === 201 ? collector.trace(last.traceId) : [];
    if (trace.filter(({ kind }) => kind === 'CONSUMER').length === 5) return trace;
  }
  throw new Error('The trace is not complete');
}

function print(trace: Span[]) {
  const [root] = trace;
  if (!root) return;
  const end = Math.max(...trace.map(({ start, duration }) => start + duration));
  console.log(`Trace ${root.traceId}: ${trace.length} spans, ${(end - root.start).toFixed(1)} ms\n`);
  console.log('   start  duration  service  span');
  const branch = (span: Span, indent: string) => {
    const times = `${(span.start - root.start).toFixed(1).padStart(8)}  ${span.duration.toFixed(1).padStart(8)}`;
    console.log(`${times}  ${span.service.padEnd(7)}  ${indent}${labelOf(span)}`);
    for (const child of trace.filter(({ parentSpanId }) => parentSpanId === span.spanId)) branch(child, `${indent}  `);
  };
  branch(root, '');
}

function labelOf({ name, kind, attributes }: Span) {
  const statement = attributes['db.query.text'];
  if (typeof statement !== 'string') return `${name} (${kind})`;
  return `SQL: ${statement.length > MAX_TEXT ? `${statement.slice(0, MAX_TEXT)}…` : statement} (${kind})`;
}
