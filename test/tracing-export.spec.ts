import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { eventually } from '../libs/testing/src/eventually.js';
import { newCustomer } from './client.js';
import { OtlpReceiver } from './otlp-receiver.js';
import { startStack } from './stack.js';
import { settledOrders } from './stock.js';
import { modulesOf, place, PRINT_MODULES } from './tracing.fixture.js';

/** These tests start stacks. */
const TEST_TIMEOUT_MS = 180_000;

test(
  'of traces that begin here, the configured share is recorded',
  async () => {
    const collector = await OtlpReceiver.start();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '0.2' };
    const stack = await startStack({ environment });
    try {
      const customer = await newCustomer(stack.url);
      for (let i = 0; i < 300; i++) await customer.products();
      await place(customer, await customer.createProduct());
      await eventually(() => expect(collector.spans.map(({ name }) => name)).toContain('mutation placeOrder'));
      const recorded = collector.spans.filter(({ name }) => name === 'query products');
      // On average 60 of 300. Outside of these bounds once in a million runs.
      expect(recorded.length).toBeGreaterThan(25);
      expect(recorded.length).toBeLessThan(95);
      const roots = collector.spans.filter(({ parentSpanId }) => !parentSpanId);
      expect(roots.filter(({ kind }) => kind !== 'SERVER')).toEqual([]);
    } finally {
      await stack.stop();
      await collector.stop();
    }
  },
  TEST_TIMEOUT_MS,
);

describe('without a collector', () => {
  test(
    'the SDK is not loaded',
    async () => {
      const stack = await startStack({ environment: { NODE_OPTIONS: PRINT_MODULES } });
      try {
        await newCustomer(stack.url);
        expect(await modulesOf(stack)).toEqual(new Set(['@opentelemetry/api']));
      } finally {
        await stack.stop();
      }
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a collector that', () => {
  const server = createServer(() => {}); // accepts connections and never answers
  let url: string;
  beforeEach(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => void server.close());

  test.each(['hangs', 'is unavailable'])(
    '%s delays neither orders nor a stop',
    async (how) => {
      if (how === 'is unavailable') server.close();
      const stack = await startStack({
        environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_SAMPLER_ARG: '1' },
      });
      let isStopped = false;
      try {
        const customer = await newCustomer(stack.url);
        const product = await customer.createProduct({ stock: 1_000 });
        for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 5 }, () => place(customer, product)));
        expect(await settledOrders([customer])).toHaveLength(50);
        await eventually(async () =>
          expect(await stack.output()).toMatch(/WARN.*Spans could not be sent to the collector/),
        );
        await place(customer, product); // its spans are still to be sent
        isStopped = true;
        await stack.stop(); // throws if a process does not stop gracefully in time
      } finally {
        if (!isStopped) await stack.stop();
      }
    },
    TEST_TIMEOUT_MS,
  );
});
