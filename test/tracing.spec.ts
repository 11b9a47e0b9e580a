import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../libs/testing/src/eventually.js';
import { newCustomer, type Customer, type Product } from './client.js';
import { LiveClient } from './live-client.js';
import { OtlpReceiver, type Span } from './otlp-receiver.js';
import { startStack, type Stack } from './stack.js';
import { settledOrders } from './stock.js';
import { modulesOf, newTraceparent, place, PRINT_MODULES, reportedName, traceIdOf } from './tracing.fixture.js';

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
        NODE_OPTIONS: PRINT_MODULES,
      },
    });
    customer = await newCustomer(stack.url);
    product = await customer.createProduct();
  });
  afterAll(async () => {
    await stack?.stop();
    await collector.stop();
  });

  const completeTrace = (traceId: string) =>
    eventually(() => {
      const trace = collector.trace(traceId);
      expect(trace.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['mutation placeOrder', 'order.place', 'order.processing']),
      );
      expect(trace.filter(({ kind }) => kind === 'CONSUMER')).toHaveLength(5);
      return trace;
    });

  test('one trace contains the operation, its requests, outbox, events and SQL', async () => {
    const traceparent = newTraceparent('01');
    const trace = await completeTrace(await place(customer, product, traceparent));
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
      ].map((line) => line.replace(/\S+$/, reportedName)),
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

  test('traces contain no personal data', async () => {
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
    await customer.refusal(`mutation { cancelOrder(id: "${profile.city}") { id } }`);
    await completeTrace(await place(customer, product));
    const sent = JSON.stringify(collector.spans);
    expect(collector.spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['mutation registerUser', 'user.updateProfile', 'query products', 'mutation cancelOrder']),
    );
    const { email, password, token } = customer;
    for (const given of [email, password, token!, "O'Unlikely", "O''Unlikely", profile.city, profile.phoneNumber])
      for (const spelt of [given, encodeURIComponent(given)]) expect(sent).not.toContain(spelt);
    expect(sent).not.toContain('argon2');
  });

  test('an error of the caller sets error.type, but not the error status', async () => {
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

  test('a trace that the caller does not record is not recorded here', async () => {
    const [unrecorded, recorded] = [
      await place(customer, product, newTraceparent('00')),
      await place(customer, product),
    ];
    await completeTrace(recorded);
    expect(collector.trace(unrecorded)).toEqual([]);
  });

  test('an update of a subscription belongs to the trace that changed the order', async () => {
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
        trace.find(
          ({ name, kind, service }) => name === event && kind === 'CONSUMER' && service === reportedName('gateway'),
        ),
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

  test('scrapes, health checks and background work are not traced', async () => {
    await settledOrders([customer]);
    await completeTrace(await place(customer, product));
    const began = Date.now();
    for (let i = 0; i < 3; i++) {
      for (const path of ['metrics', 'health/ready', 'health/live'])
        expect((await fetch(`${stack.url}/${path}`)).ok).toBe(true);
      await sleep(1_000);
    }
    await completeTrace(await place(customer, product));
    const since = collector.spans.filter(({ start }) => start >= began);
    expect(new Set(since.map(({ traceId }) => traceId)).size).toBe(1);
    expect(await modulesOf(stack)).toContain('@opentelemetry/sdk-trace');
  });

  /** Spans as an indented tree, siblings by name. */
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

const isSql = ({ scope }: Span) => scope === '@opentelemetry/instrumentation-pg';
