import { products } from '@app/contracts';
import { eventually, TcpProxy, TestDatabase } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Controller, type INestApplication } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { from, lastValueFrom } from 'rxjs';
import { OnEvent, OnRequest, Outbox } from '../index.js';
import { currentTraceparent, runWithTrace } from '@app/telemetry';
import { ormOptions, transports, World } from '../../test/messaging.fixture.js';
import { OutboxRelay } from './outbox.relay.js';

const KILL_RELAYS = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = 'outbox relay' and datname = current_database()`;

it('has a migration that creates its tables and drops them again', async () => {
  const database = await TestDatabase.create();
  const orm = await MikroORM.init(ormOptions(database.url));
  try {
    await orm.migrator.up();
    expect(await orm.schema.getUpdateSchemaSQL()).toBe('');
    await orm.migrator.down();
    await orm.migrator.up();
    expect(await orm.schema.getUpdateSchemaSQL()).toBe('');
  } finally {
    await orm.close();
    await database.drop();
  }
});

describe.each(transports)('the outbox, %s', (kind) => {
  let world: World;
  let received: { orderId: string; traceparent?: string }[];
  beforeEach(async () => {
    world = await World.open(kind);
    received = [];
  });
  afterEach(() => world.close());

  @Controller()
  class Reservations {
    @OnEvent(products.events.stockReserved)
    async reserved({ orderId }: { orderId: string }) {
      received.push({ orderId, traceparent: currentTraceparent() });
    }
  }

  /** Reserves stock for orders, and fails on demand after writing. */
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

    @OnRequest(products.requests.getMany)
    async getMany({ ids }: { ids: string[] }): Promise<never> {
      return this.em.transactional(async (em) => {
        for (const orderId of ids) this.outbox.add(products.events.stockReserved, { orderId });
        await em.flush();
        throw new Error('after writing');
      });
    }
  }

  const startProducts = (databaseUrl = world.database.url) =>
    world.start({ service: 'product', controllers: [Stock], databaseUrl });
  /** Starts a gateway that records the events. */
  const startListening = () => world.start({ controllers: [Reservations] });
  const orderIds = () => received.map(({ orderId }) => orderId);

  async function write(ids: string[]): Promise<void> {
    for (const orderId of ids) await world.addToOutbox(products.events.stockReserved, { orderId });
  }

  it('publishes committed events with their trace, and no others', async () => {
    await startProducts();
    await startListening();
    const ask = await world.caller();
    const [rolledBack, committed] = [randomUUID(), randomUUID()];
    await expect(ask('product.getMany', { ids: [rolledBack] })).rejects.toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await runWithTrace(traceparent, () => ask('product.quote', { ids: [committed] }));
    await eventually(() => expect(received).toEqual([{ orderId: committed, traceparent }]));
    await eventually(async () => expect(await world.database.query('select from outbox')).toEqual([]));
  });

  it('publishes each event once and in order while instances start and stop', async () => {
    await startListening();
    const first = await startProducts();
    await startProducts();
    const ids = Array.from({ length: 300 }, () => randomUUID());
    await write(ids.slice(0, 150));
    await Promise.all([first.close(), write(ids.slice(150))]);
    await eventually(() => expect(received.length).toBeGreaterThanOrEqual(300));
    expect(orderIds()).toEqual(ids);
  });

  it('publishes without waiting for the next poll, whether its relay sleeps, falls asleep or wakes up', async () => {
    await startListening();
    await startProducts();
    const began = Date.now();
    for (let i = 0; i < 60; i++) {
      const orderId = randomUUID();
      await write([orderId]);
      await eventually(() => expect(orderIds()).toContain(orderId));
      await sleep(i % 6);
    }
    // With the poll alone, each event would take half a second on average.
    expect(Date.now() - began).toBeLessThan(25_000);
  });

  it('publishes an event again if a relay died before deleting it, without a second effect', async () => {
    let effects = 0;
    @Controller()
    class Orders {
      @OnEvent(products.events.stockReserved)
      async reserved() {
        effects++;
      }
    }
    // The consumer needs a database for its inbox; both services may share this one.
    await world.start({ service: 'order', controllers: [Orders], databaseUrl: world.database.url }).then(stopRelay);
    await startListening();
    await write([randomUUID()]);
    const publisher = world.transport.eventPublisher('product');
    let published = 0;
    const publishAndDie = async (type: string, event: object) => {
      await lastValueFrom(publisher.emit(type, event), { defaultValue: undefined });
      if (++published === 1) await world.database.query(KILL_RELAYS);
    };
    const dying = {
      emit: (type: string, event: object) => from(publishAndDie(type, event)),
      close: () => publisher.close() as Promise<void>,
    };
    const relay = new OutboxRelay('order', world.database.url, dying as unknown as ClientProxy);
    relay.start();
    world.later(() => relay.stop());
    await eventually(async () => expect(await world.database.query('select from outbox')).toEqual([]));
    expect(published).toBe(2);
    await world.transport.close();
    expect(effects).toBe(1);
  });

  it('resumes by itself after its database was unavailable', async () => {
    const proxy = await TcpProxy.listen(world.database.url);
    world.later(() => proxy.close());
    await startListening();
    const app = await startProducts(proxy.url);
    proxy.cut();
    const orderId = randomUUID();
    await write([orderId]);
    const ask = await world.caller();
    await expect(ask('product.quote', { ids: [orderId] })).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    proxy.restore();
    await eventually(() => expect(orderIds()).toEqual([orderId]));
    await ask('product.quote', { ids: [orderId] });
    await app.close();
  });

  const stopRelay = (app: INestApplication) => app.get(OutboxRelay).stop();
});
