import { randomBytes } from 'node:crypto';
import type { Customer, Product } from './client.js';
import type { Stack } from './stack.js';

/** NODE_OPTIONS that print each module of OpenTelemetry when the process loads it. */
export const PRINT_MODULES = `--import data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => {
    const [name] = url.match(/@opentelemetry\\/[^/]+/) ?? [];
    if (name) console.log('Loaded ' + name);
    return next(url, context);
  } });
`)}`;
export const modulesOf = async (stack: Stack) =>
  new Set((await stack.output()).match(/(?<=Loaded )@opentelemetry\/\S+/g));

/** The `service.name` of spans: the service, or the standalone that contains it. */
export const reportedName = (service: string) => (process.env.TEST_STACK === 'services' ? service : 'bazaar');

export const newTraceparent = (flags: '00' | '01') =>
  `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${flags}`;
export const traceIdOf = (traceparent: string) => traceparent.split('-')[1]!;

const PLACE = 'mutation Checkout($input: OrderInput!) { placeOrder(input: $input) { id } }';

/** Places an order. @returns the trace id. */
export async function place(customer: Customer, product: Product, traceparent = newTraceparent('01')): Promise<string> {
  const variables = { input: { items: [{ productId: product.id, quantity: 1 }] } };
  await customer.post(JSON.stringify({ query: PLACE, variables }), { traceparent });
  return traceIdOf(traceparent);
}
