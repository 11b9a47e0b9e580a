import { AppError, OrderPlaced, orders, products, type OrderEvent } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { OnEvent } from './index.js';
import { RETRY_DELAYS_MS, transports, World } from '../test/messaging.fixture.js';

const TRIES = RETRY_DELAYS_MS.length + 1;

describe.each(transports)('events, %s', (kind) => {
  let world: World;
  let failing: Map<string, unknown>;
  let heard: string[];
  beforeEach(async () => {
    world = await World.open(kind);
    failing = new Map();
    heard = [];
  });
  afterEach(() => world.close());

  /** Writes what it hears, then fails where the test says so. */
  @Controller()
  class Reservations {
    constructor(private readonly em: EntityManager) {}

    @OnEvent(products.events.stockReserved)
    async reserved({ orderId }: { orderId: string }) {
      heard.push(orderId);
      await this.em.execute('insert into effects (what) values (?)', [orderId]);
      const failure = failing.get(orderId);
      if (failure) throw failure;
    }
  }

  const startOrders = () =>
    world.start({ service: 'order', controllers: [Reservations], databaseUrl: world.database.url });
  const timesHeard = (orderId: string) => heard.filter((other) => other === orderId).length;

  it('have their effect once, however often they come', async () => {
    await startOrders();
    const tell = world.publisherFor('product');
    const [first, second] = [randomUUID(), randomUUID()];
    const id = await tell('product.stockReserved', { orderId: first });
    await eventually(async () => expect(await world.effects()).toEqual([first]));
    await tell('product.stockReserved', { orderId: first }, id);
    await tell('product.stockReserved', { orderId: second });
    await eventually(async () => expect(await world.effects()).toEqual([first, second]));
    expect(timesHeard(first)).toBe(1);
  });

  it('leave nothing behind when their handler fails after it has written, and are tried again', async () => {
    await startOrders();
    const tell = world.publisherFor('product');
    const orderId = randomUUID();
    failing.set(orderId, new Error('not yet'));
    await tell('product.stockReserved', { orderId });
    await eventually(() => expect(timesHeard(orderId)).toBeGreaterThan(0));
    expect(await world.effects()).toEqual([]);
    failing.delete(orderId);
    await eventually(async () => expect(await world.effects()).toEqual([orderId]));
    expect(await world.transport.deadLetters('order')).toEqual([]);
  });

  it('that keep failing become dead letters, and hold nobody up', async () => {
    await startOrders();
    const tell = world.publisherFor('product');
    const [bad, good] = [randomUUID(), randomUUID()];
    failing.set(bad, new Error('The shelf is gone'));
    const id = await tell('product.stockReserved', { orderId: bad });
    await tell('product.stockReserved', { orderId: good });
    await eventually(async () => expect(await world.effects()).toEqual([good]));
    await eventually(async () => expect(await world.transport.deadLetters('order')).toHaveLength(1));
    expect(timesHeard(bad)).toBe(TRIES);
    const letter = { id, type: 'product.stockReserved', reason: 'Error: The shelf is gone', attempts: TRIES };
    const [dead] = await world.transport.deadLetters('order');
    expect(dead).toMatchObject(letter);
    expect(Date.now() - Date.parse(dead!.time)).toBeLessThan(60_000);
    // Looking at them changes nothing.
    expect(await world.transport.deadLetters('order')).toEqual([dead]);
  });

  it('that nobody could ever take are dead letters at once', async () => {
    await startOrders();
    const tell = world.publisherFor('product');
    const invalid = await tell('product.stockReserved', { orderId: 'four' });
    const unheardOf = await tell('product.stockRejected', { orderId: randomUUID(), reason: 'OUT_OF_STOCK' });
    await eventually(async () => expect(await world.transport.deadLetters('order')).toHaveLength(2));
    expect(await world.transport.deadLetters('order')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          id: invalid,
          attempts: 1,
          reason: expect.stringMatching(/^BAD_USER_INPUT: orderId/),
        }),
        expect.objectContaining({ id: unheardOf, attempts: 1, reason: expect.stringMatching(/no handler/) }),
      ]),
    );
    expect(heard).toEqual([]);
  });

  it('that are dead letters can be sent back, one or all of them', async () => {
    await startOrders();
    const tell = world.publisherFor('product');
    const orderIds = [randomUUID(), randomUUID(), randomUUID()];
    for (const orderId of orderIds) failing.set(orderId, new AppError('BAD_USER_INPUT', 'no'));
    const ids = await Promise.all(orderIds.map((orderId) => tell('product.stockReserved', { orderId })));
    await eventually(async () => expect(await world.transport.deadLetters('order')).toHaveLength(3));
    failing.clear();
    expect(await world.transport.redeliver('order', randomUUID())).toBe(0);
    expect(await world.transport.redeliver('order', ids[1])).toBe(1);
    await eventually(async () => expect(await world.effects()).toEqual([orderIds[1]]));
    await expect(world.transport.deadLetters('order')).resolves.toHaveLength(2);
    expect(await world.transport.redeliver('order')).toBe(2);
    await eventually(async () => expect((await world.effects()).toSorted()).toEqual(orderIds.toSorted()));
    await expect(world.transport.deadLetters('order')).resolves.toEqual([]);
  });

  it('wait, however long, while what their handler needs is away', async () => {
    await startOrders();
    const tell = world.publisherFor('product');
    const orderId = randomUUID();
    failing.set(orderId, new AppError('SERVICE_UNAVAILABLE', 'The user service does not run'));
    await tell('product.stockReserved', { orderId });
    await eventually(() => expect(timesHeard(orderId)).toBeGreaterThan(TRIES));
    failing.clear();
    await eventually(async () => expect(await world.effects()).toEqual([orderId]));
  });

  it('told before their consumer ever started are not lost', async () => {
    const tell = world.publisherFor('product');
    const orderId = randomUUID();
    await tell('product.stockReserved', { orderId });
    await startOrders();
    await eventually(async () => expect(await world.effects()).toEqual([orderId]));
  });

  it('told while their consumer is down are not lost', async () => {
    const service = await startOrders();
    await service.close();
    const tell = world.publisherFor('product');
    const orderIds = Array.from({ length: 100 }, () => randomUUID());
    await Promise.all(orderIds.map((orderId) => tell('product.stockReserved', { orderId })));
    await startOrders();
    await eventually(async () => expect((await world.effects()).toSorted()).toEqual(orderIds.toSorted()));
  });

  it('are broadcast to every gateway that runs, and one that fails there is not given again', async () => {
    const seen: string[] = [];
    const gateway = (name: string) => {
      @Controller()
      class StockWatch {
        @OnEvent(products.events.stockChanged)
        async changed({ products: [first] }: { products: { productId: string }[] }) {
          seen.push(`${name} ${first!.productId}`);
          if (name === 'first') throw new Error('The cache is away');
        }
      }
      return world.start({ controllers: [StockWatch] });
    };
    await gateway('first');
    const second = await gateway('second');
    const tell = world.publisherFor('product');
    const change = () => {
      const productId = randomUUID();
      const told = tell('product.stockChanged', { products: [{ productId, version: 1, stock: 1 }] });
      return told.then(() => productId);
    };
    const both = await change();
    await eventually(() => expect(seen.toSorted()).toEqual([`first ${both}`, `second ${both}`]));
    await second.close();
    const one = await change();
    await eventually(() => expect(seen).toContain(`first ${one}`));
    expect(seen).toHaveLength(3);
  });

  it('of several kinds may share a handler, each validated against its own payload class', async () => {
    const seen: unknown[] = [];
    @Controller()
    class OrderChanges {
      @OnEvent(orders.events.placed, orders.events.cancelled)
      async changed(event: OrderPlaced | OrderEvent) {
        seen.push(event);
      }
    }
    await world.start({ service: 'product', controllers: [OrderChanges], databaseUrl: world.database.url });
    const publish = world.publisherFor('order');
    const cancelled = { orderId: randomUUID(), userId: randomUUID(), version: 2 };
    const placed = { ...cancelled, version: 1, lines: [{ productId: randomUUID(), quantity: 1 }] };
    await publish('order.placed', placed);
    await eventually(() => expect(seen).toEqual([expect.any(OrderPlaced)]));
    await publish('order.cancelled', cancelled);
    await eventually(() => expect(seen).toEqual([placed, cancelled]));
    await publish('order.cancelled', placed);
    await eventually(async () =>
      expect(await world.transport.deadLetters('product')).toMatchObject([{ reason: expect.stringMatching(/lines/) }]),
    );
    expect(seen).toHaveLength(2);
  });

  it('with two handlers in one service are refused, for only one of them would run', async () => {
    @Controller()
    class Second {
      @OnEvent(products.events.stockReserved)
      async again() {}
    }
    const both = { service: 'order' as const, controllers: [Reservations, Second], databaseUrl: world.database.url };
    await expect(world.start(both)).rejects.toThrow(/two handlers/);
  });
});
