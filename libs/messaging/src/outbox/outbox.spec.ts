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

it('needs no more tables than its migration makes, and takes them away again', async () => {
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
  let heard: { orderId: string; traceparent?: string }[];
  beforeEach(async () => {
    world = await World.open(kind);
    heard = [];
  });
  afterEach(() => world.close());

  @Controller()
  class Reservations {
    @OnEvent(products.events.stockReserved)
    async reserved({ orderId }: { orderId: string }) {
      heard.push({ orderId, traceparent: currentTraceparent() });
    }
  }

  /** Reserves stock for orders, and fails on demand after all is written. */
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
        throw new Error('after all');
      });
    }
  }

  const startProducts = (databaseUrl = world.database.url) =>
    world.start({ service: 'product', controllers: [Stock], databaseUrl });
  /** Several gateways could listen; this one is the test's ear. */
  const startListening = () => world.start({ controllers: [Reservations] });
  const orderIds = () => heard.map(({ orderId }) => orderId);

  async function write(ids: string[]): Promise<void> {
    for (const orderId of ids) await world.addToOutbox(products.events.stockReserved, { orderId });
  }

  it('tells what was committed, in its trace, and nothing that was not', async () => {
    await startProducts();
    await startListening();
    const ask = await world.caller();
    const [lost, told] = [randomUUID(), randomUUID()];
    await expect(ask('product.getMany', { ids: [lost] })).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await runWithTrace(traceparent, () => ask('product.quote', { ids: [told] }));
    await eventually(() => expect(heard).toEqual([{ orderId: told, traceparent }]));
    await eventually(async () => expect(await world.database.query('select from outbox')).toEqual([]));
  });

  it('tells each event once and in order, however many instances there are, and while they come and go', async () => {
    await startListening();
    const first = await startProducts();
    await startProducts();
    const ids = Array.from({ length: 300 }, () => randomUUID());
    await write(ids.slice(0, 150));
    await Promise.all([first.close(), write(ids.slice(150))]);
    await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(300));
    expect(orderIds()).toEqual(ids);
  });

  it('tells what comes while its relay sleeps, is about to, or has just woken, and does not leave it to the next poll', async () => {
    await startListening();
    await startProducts();
    const began = Date.now();
    for (let i = 0; i < 60; i++) {
      const orderId = randomUUID();
      await write([orderId]);
      await eventually(() => expect(orderIds()).toContain(orderId));
      await sleep(i % 6);
    }
    // Each left to the poll would take half a second and more.
    expect(Date.now() - began).toBeLessThan(25_000);
  });

  it('tells an event again where a relay died before it had noted that it was told, to no second effect', async () => {
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

  it('resumes by itself when its database has been away', async () => {
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
