import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../libs/testing/src/eventually.js';
import { newCustomer, type Customer, type Product } from './client.js';
import { LiveClient } from './live-client.js';
import { OtlpReceiver, type Span } from './otlp-receiver.js';
import { startStack, type Stack } from './stack.js';
import { settledOrders } from './stock.js';

/** Names each module of OpenTelemetry that the process loads, on a line of its own. */
const TELL_OF_MODULES = `--import data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => {
    const [name] = url.match(/@opentelemetry\\/[^/]+/) ?? [];
    if (name) console.log('Loaded ' + name);
    return next(url, context);
  } });
`)}`;
const modulesOf = ({ output }: Stack) => new Set(output.match(/(?<=Loaded )@opentelemetry\/\S+/g));

/** What tells its name to the collector: each service, or the standalone that they are in. */
const told = (service: string) => (process.env.TEST_STACK === 'services' ? service : 'bazaar');

const newTraceparent = (flags: '00' | '01') =>
  `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${flags}`;
const traceIdOf = (traceparent: string) => traceparent.split('-')[1]!;

/** Of tests that start a stack of their own. */
const TEST_TIMEOUT_MS = 180_000;

const PLACE = 'mutation Checkout($input: OrderInput!) { placeOrder(input: $input) { id } }';

async function place(customer: Customer, product: Product, traceparent = newTraceparent('01')): Promise<string> {
  const variables = { input: { items: [{ productId: product.id, quantity: 1 }] } };
  await customer.post(JSON.stringify({ query: PLACE, variables }), { traceparent });
  return traceIdOf(traceparent);
}

describe('with a collector', () => {
  let collector: OtlpReceiver;
  let stack: Stack;
  let customer: Customer;
  let product: Product;

  beforeAll(async () => {
    collector = await OtlpReceiver.start();
    stack = await startStack({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_TRACES_SAMPLER_ARG: '1',
        NODE_OPTIONS: TELL_OF_MODULES,
      },
    });
    customer = await newCustomer(stack.url);
    product = await customer.createProduct();
  });
  afterAll(async () => {
    await stack?.stop();
    await collector.stop();
  });

  const whole = (traceId: string) =>
    eventually(() => {
      const trace = collector.trace(traceId);
      expect(trace.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['mutation placeOrder', 'order.place', 'order.processing']),
      );
      expect(trace.filter(({ kind }) => kind === 'CONSUMER')).toHaveLength(5);
      return trace;
    });

  test('one trace leads from the operation by requests, outbox, events and SQL to the last state of the order', async () => {
    const traceparent = newTraceparent('01');
    const trace = await whole(await place(customer, product, traceparent));
    const [root] = trace as [Span];
    expect(root.parentSpanId).toBe(traceparent.split('-')[2]);
    expect(root.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'graphql.operation.type': 'mutation',
      'graphql.operation.name': 'Checkout',
    });
    expect(treeOf(trace.filter((span) => !isSql(span) && span.name !== 'user.validateToken'))).toEqual(
      [
        'mutation placeOrder SERVER gateway',
        '  order.place SERVER order',
        '    product.quote SERVER product',
        '    publish order.placed PRODUCER order',
        '      order.placed CONSUMER gateway',
        '      order.placed CONSUMER product',
        '        publish product.stockChanged PRODUCER product',
        '          product.stockChanged CONSUMER gateway',
        '        publish product.stockReserved PRODUCER product',
        '          product.stockReserved CONSUMER order',
        '            publish order.processing PRODUCER order',
        '              order.processing CONSUMER gateway',
        '    user.getMany SERVER user',
      ].map((line) => line.replace(/\S+$/, told)),
    );

    const statements = trace.filter(isSql).map(({ parentSpanId, service, attributes }) => {
      const parent = trace.find(({ spanId }) => spanId === parentSpanId)!;
      expect(service).toBe(parent.service);
      return `${parent.name}: ${String(attributes['db.query.text'])}`;
    });
    expect(statements).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^user\.getMany: select .* "users"/),
        expect.stringMatching(/^product\.quote: select .* from products/),
        expect.stringMatching(/^order\.place: .* insert into orders/),
        expect.stringMatching(/^order\.placed: update products /),
        expect.stringMatching(/^product\.stockReserved: .* update orders set status = \?/),
        'product.stockReserved: commit',
      ]),
    );
  });

  test('nothing that people have given us is in a trace', async () => {
    const profile = {
      shippingAddress: "17 O'Unlikely Crescent",
      city: 'Nowhereville',
      phoneNumber: '+91 80 5550 1234',
    };
    await customer.updateProfile(profile);
    await fetch(
      `${stack.url}/graphql?${new URLSearchParams({ query: `{ products { id } }`, variables: `{"a":"${customer.email}"}` })}`,
      {
        headers: { 'apollo-require-preflight': 'true' },
      },
    );
    await customer.refusal(`query { user(id: "${profile.city}") { id } }`);
    await whole(await place(customer, product));
    const sent = JSON.stringify(collector.spans);
    expect(collector.spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['mutation registerUser', 'user.updateProfile', 'query products', 'query user']),
    );
    const { email, password, token } = customer;
    for (const given of [email, password, token!, "O'Unlikely", "O''Unlikely", profile.city, profile.phoneNumber])
      for (const spelt of [given, encodeURIComponent(given)]) expect(sent).not.toContain(spelt);
    expect(sent).not.toContain('argon2');
  });

  test('a refusal is no error, but named', async () => {
    const traceparent = newTraceparent('01');
    const query = 'mutation { cancelOrder(id: "00000000-0000-7000-8000-000000000000") { id } }';
    await customer.post(JSON.stringify({ query }), { traceparent });
    await eventually(() => {
      const spans = collector.trace(traceIdOf(traceparent)).filter(({ name }) => /cancel/.test(name));
      expect(spans.map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([
        ['UNSET', 'ORDER_NOT_FOUND'],
        ['UNSET', 'ORDER_NOT_FOUND'],
      ]);
    });
  });

  test('a trace that its caller does not keep is not kept here', async () => {
    const [unkept, kept] = [await place(customer, product, newTraceparent('00')), await place(customer, product)];
    await whole(kept);
    expect(collector.trace(unkept)).toEqual([]);
  });

  test('an update that a client is told of belongs to the trace of what has changed the order', async () => {
    const buyer = await newCustomer(stack.url);
    const live = new LiveClient(stack.url, buyer.token!);
    const updates = live.subscribe<{ status: string }>('subscription Follow { orderUpdated { status user { name } } }');
    await live.listening();
    const traceId = await place(buyer, product);
    await eventually(() => expect(updates.received.at(-1)?.status).toBe('PROCESSING'));
    await live.close();
    await eventually(() => {
      const trace = collector.trace(traceId);
      const causes = ['order.placed', 'order.processing'].map((event) =>
        trace.find(({ name, kind, service }) => name === event && kind === 'CONSUMER' && service === told('gateway')),
      );
      const update = trace.findLast(({ name }) => name === 'subscription orderUpdated')!;
      expect(causes.map((cause) => cause?.spanId)).toContain(update.parentSpanId);
      expect(update.attributes).toMatchObject({
        'graphql.operation.type': 'subscription',
        'graphql.operation.name': 'Follow',
      });
      const below = ({ spanId }: Span) =>
        trace.filter(({ parentSpanId }) => parentSpanId === spanId).map(({ name }) => name);
      expect(below(update)).toEqual(['user.getMany']);
      expect(causes.flatMap((cause) => below(cause!))).toContain('order.get');
    });
  });

  test('scrapes, checks of health and what the services do by themselves are in no trace', async () => {
    await settledOrders([customer]);
    await whole(await place(customer, product));
    await sleep(6_000); // what had begun is sent
    const before = collector.spans.length;
    for (let i = 0; i < 3; i++) {
      for (const path of ['metrics', 'health/ready', 'health/live'])
        expect((await fetch(`${stack.url}/${path}`)).ok).toBe(true);
      await sleep(1_000);
    }
    await whole(await place(customer, product));
    const since = collector.spans.slice(before);
    expect(new Set(since.map(({ traceId }) => traceId)).size).toBe(1);
    expect(modulesOf(stack)).toContain('@opentelemetry/sdk-trace');
  });

  /** Each span below its parent, siblings by name. */
  function treeOf(spans: Span[], parent?: string, indent = ''): string[] {
    const isBelow = ({ parentSpanId }: Span) =>
      parent === undefined ? !spans.some(({ spanId }) => spanId === parentSpanId) : parentSpanId === parent;
    return spans
      .filter(isBelow)
      .map(({ name, kind, service, spanId }) => [
        `${indent}${name} ${kind} ${service}`,
        ...treeOf(spans, spanId, `${indent}  `),
      ])
      .toSorted((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1))
      .flat();
  }
});

test(
  'of what nobody has begun a trace for, the share that is set is kept',
  async () => {
    const collector = await OtlpReceiver.start();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '0.2' };
    const stack = await startStack({ environment });
    try {
      const customer = await newCustomer(stack.url);
      for (let i = 0; i < 300; i++) await customer.products();
      await place(customer, await customer.createProduct());
      await eventually(() => expect(collector.spans.map(({ name }) => name)).toContain('mutation placeOrder'));
      const kept = collector.spans.filter(({ name }) => name === 'query products');
      // Of 300, 60 on average; once in a million runs it is none of these.
      expect(kept.length).toBeGreaterThan(25);
      expect(kept.length).toBeLessThan(95);
      const roots = collector.spans.filter(({ parentSpanId }) => !parentSpanId);
      expect(roots.filter(({ kind }) => kind !== 'SERVER')).toEqual([]);
    } finally {
      await stack.stop();
      await collector.stop();
    }
  },
  TEST_TIMEOUT_MS,
);

describe('without one', () => {
  test(
    'nothing of the SDK is loaded',
    async () => {
      const stack = await startStack({ environment: { NODE_OPTIONS: TELL_OF_MODULES } });
      try {
        await newCustomer(stack.url);
        expect(modulesOf(stack)).toEqual(new Set(['@opentelemetry/api']));
      } finally {
        await stack.stop();
      }
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a collector that', () => {
  const server = createServer(() => {}); // takes connections, and never answers
  let url: string;
  beforeEach(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => void server.close());

  test.each(['hangs', 'is away'])(
    '%s delays no order and no stop',
    async (how) => {
      if (how === 'is away') server.close();
      const stack = await startStack({
        environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_SAMPLER_ARG: '1' },
      });
      let isStopped = false;
      try {
        const customer = await newCustomer(stack.url);
        const product = await customer.createProduct({ stock: 1_000 });
        for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 5 }, () => place(customer, product)));
        expect(await settledOrders([customer])).toHaveLength(50);
        await eventually(() => expect(stack.output).toMatch(/WARN.*Spans were lost on their way to the collector/));
        await place(customer, product); // something to be sent yet
        isStopped = true;
        await stack.stop(); // throws when it does not end by itself, in time
      } finally {
        if (!isStopped) await stack.stop();
      }
    },
    TEST_TIMEOUT_MS,
  );
});

const isSql = ({ scope }: Span) => scope === '@opentelemetry/instrumentation-pg';
