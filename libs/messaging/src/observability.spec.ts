import { products } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { randomUUID } from 'node:crypto';
import { register } from 'prom-client';
import { OnEvent, OnRequest, Outbox } from './index.js';
import { runWithTrace } from '@app/telemetry';
import { transports, World } from '../test/messaging.fixture.js';

const exporter = new InMemorySpanExporter();
beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});
afterAll(() => {
  trace.disable();
  context.disable();
});

describe.each(transports)('telemetry of messages, %s', (kind) => {
  let world: World;
  let failures: number;
  beforeEach(async () => {
    world = await World.open(kind);
    failures = 0;
    exporter.reset();
    register.resetMetrics();
  });
  afterEach(() => world.close());

  @Controller()
  class Stock {
    constructor(
      private readonly em: EntityManager,
      private readonly outbox: Outbox,
    ) {}

    @OnRequest(products.requests.quote)
    async quote({ ids }: { ids: string[] }) {
      for (const orderId of ids) this.outbox.add(products.events.stockReserved, { orderId });
      await this.em.flush();
      return [];
    }
  }

  @Controller()
  class Orders {
    @OnEvent(products.events.stockReserved)
    async reserved() {
      if (failures-- > 0) throw new Error('not yet');
    }
  }

  const startBoth = async () => {
    await world.start({ service: 'product', controllers: [Stock], databaseUrl: world.database.url });
    await world.start({ service: 'order', controllers: [Orders], databaseUrl: world.database.url });
    return world.caller();
  };
  const value = async (name: string, labels: Record<string, string>) => {
    const { values } = await register.getSingleMetric(name)!.get();
    const found = values.filter((one) => Object.entries(labels).every(([label, is]) => one.labels[label] === is));
    return found.reduce((sum, one) => sum + one.value, 0);
  };
  const event = products.events.stockReserved.pattern;

  it('has one trace from the request through the outbox to the event handler', async () => {
    const ask = await startBoth();
    const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    await runWithTrace(`00-${caller.traceId}-${caller.spanId}-01`, () => ask('product.quote', { ids: [randomUUID()] }));
    const [consumed, published, answered] = await eventually(() => {
      const named = (name: string, kind: SpanKind) =>
        exporter.getFinishedSpans().find((span) => span.name === name && span.kind === kind) as ReadableSpan;
      const spans = [
        named(event, SpanKind.CONSUMER),
        named(`publish ${event}`, SpanKind.PRODUCER),
        named('product.quote', SpanKind.SERVER),
      ];
      expect(spans).not.toContain(undefined);
      return spans as [ReadableSpan, ReadableSpan, ReadableSpan];
    });
    for (const span of [consumed, published, answered]) expect(span.spanContext().traceId).toBe(caller.traceId);
    expect(consumed.parentSpanContext?.spanId).toBe(published.spanContext().spanId);
    expect(published.parentSpanContext?.spanId).toBe(answered.spanContext().spanId);
    expect(answered.parentSpanContext?.spanId).toBe(caller.spanId);
  });

  it('counts requests by outcome, in client and server', async () => {
    const ask = await startBoth();
    await ask('product.quote', { ids: [] });
    await expect(ask('product.quote', { ids: ['none'] })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(ask('user.list', {})).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    const count = (side: string, labels: Record<string, string>) =>
      value(`bazaar_request_${side}_duration_seconds`, { ...labels, le: '+Inf' });
    const pattern = 'product.quote';
    expect(await count('client', { service: 'gateway', pattern, outcome: 'OK' })).toBe(1);
    expect(await count('client', { service: 'gateway', pattern, outcome: 'BAD_USER_INPUT' })).toBe(1);
    expect(await count('client', { pattern: 'user.list', outcome: 'SERVICE_UNAVAILABLE' })).toBe(1);
    expect(await count('server', { service: 'product', pattern, outcome: 'OK' })).toBe(1);
    expect(await count('server', { service: 'product', pattern, outcome: 'BAD_USER_INPUT' })).toBe(1);
  });

  it('counts events that are published, retried, handled, duplicate or invalid', async () => {
    failures = 1;
    const ask = await startBoth();
    await ask('product.quote', { ids: [randomUUID()] });
    const consumed = (outcome: string, of = event) =>
      value('bazaar_events_consumed_total', { service: 'order', event: of, outcome });
    await eventually(async () => expect([await consumed('retry'), await consumed('done')]).toEqual([1, 1]));
    expect(await value('bazaar_events_published_total', { service: 'product', event })).toBe(1);

    const publish = world.publisherFor('product');
    const id = await publish(event, { orderId: randomUUID() });
    await eventually(async () => expect(await consumed('done')).toBe(2));
    await publish(event, { orderId: randomUUID() }, id);
    await eventually(async () => expect(await value('bazaar_inbox_duplicates_total', { event })).toBe(1));
    await publish(event, { orderId: 'none' });
    await eventually(async () => expect(await consumed('dead')).toBe(1));
    expect(await value('bazaar_event_delay_seconds', { service: 'order', event, le: '+Inf' })).toBeGreaterThan(0);
  });

  it('measures the size and the age of the outbox', async () => {
    const part = { service: 'product' as const, controllers: [Stock], databaseUrl: world.database.url };
    await (await world.start(part)).close();
    await world.database.query(
      `insert into outbox (id, type, data, time) values ($1, $2, '{}', now() - interval '1 hour')`,
      [randomUUID(), event],
    );
    await world.start(part);
    const measured = async () => [
      await value('bazaar_outbox_messages', { service: 'product' }),
      Math.round((await value('bazaar_outbox_oldest_age_seconds', { service: 'product' })) / 3600),
    ];
    await eventually(async () => expect(await measured()).toEqual([1, 1]));
    await eventually(async () => expect(await measured()).toEqual([0, 0]));
  });
});
