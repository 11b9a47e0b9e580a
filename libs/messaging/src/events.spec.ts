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
  let received: string[];
  beforeEach(async () => {
    world = await World.open(kind);
    failing = new Map();
    received = [];
  });
  afterEach(() => world.close());

  /** Records each event, then fails if the test says so. */
  @Controller()
  class Reservations {
    constructor(private readonly em: EntityManager) {}

    @OnEvent(products.events.stockReserved)
    async reserved({ orderId }: { orderId: string }) {
      received.push(orderId);
      await this.em.execute('insert into effects (what) values (?)', [orderId]);
      const failure = failing.get(orderId);
      if (failure) throw failure;
    }
  }

  const startOrders = () =>
    world.start({ service: 'order', controllers: [Reservations], databaseUrl: world.database.url });
  const attemptsFor = (orderId: string) => received.filter((other) => other === orderId).length;

  it('have their effect once, however often they are delivered', async () => {
    await startOrders();
    const publish = world.publisherFor('product');
    const [first, second] = [randomUUID(), randomUUID()];
    const id = await publish('product.stockReserved', { orderId: first });
    await eventually(async () => expect(await world.effects()).toEqual([first]));
    await publish('product.stockReserved', { orderId: first }, id);
    await publish('product.stockReserved', { orderId: second });
    await eventually(async () => expect(await world.effects()).toEqual([first, second]));
    expect(attemptsFor(first)).toBe(1);
  });

  it('are rolled back and retried if their handler fails after writing', async () => {
    await startOrders();
    const publish = world.publisherFor('product');
    const orderId = randomUUID();
    failing.set(orderId, new Error('not yet'));
    await publish('product.stockReserved', { orderId });
    await eventually(() => expect(attemptsFor(orderId)).toBeGreaterThan(0));
    expect(await world.effects()).toEqual([]);
    failing.delete(orderId);
    await eventually(async () => expect(await world.effects()).toEqual([orderId]));
    expect(await world.transport.deadLetters('order')).toEqual([]);
  });

  it('that keep failing become dead letters without delaying others', async () => {
    await startOrders();
    const publish = world.publisherFor('product');
    const [bad, good] = [randomUUID(), randomUUID()];
    failing.set(bad, new Error('The shelf is missing'));
    const id = await publish('product.stockReserved', { orderId: bad });
    await publish('product.stockReserved', { orderId: good });
    await eventually(async () => expect(await world.effects()).toEqual([good]));
    await eventually(async () => expect(await world.transport.deadLetters('order')).toHaveLength(1));
    expect(attemptsFor(bad)).toBe(TRIES);
    const letter = { id, type: 'product.stockReserved', reason: 'Error: The shelf is missing', attempts: TRIES };
    const [dead] = await world.transport.deadLetters('order');
    expect(dead).toMatchObject(letter);
    expect(Date.now() - Date.parse(dead!.time)).toBeLessThan(60_000);
    // Listing them does not change them.
    expect(await world.transport.deadLetters('order')).toEqual([dead]);
  });

  it('that can never be handled are dead-lettered at once', async () => {
    await startOrders();
    const publish = world.publisherFor('product');
    const invalid = await publish('product.stockReserved', { orderId: 'four' });
    const unhandled = await publish('product.stockRejected', { orderId: randomUUID(), reason: 'OUT_OF_STOCK' });
    await eventually(async () => expect(await world.transport.deadLetters('order')).toHaveLength(2));
    expect(await world.transport.deadLetters('order')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          id: invalid,
          attempts: 1,
          reason: expect.stringMatching(/^BAD_USER_INPUT: orderId/),
        }),
        expect.objectContaining({ id: unhandled, attempts: 1, reason: expect.stringMatching(/no handler/) }),
      ]),
    );
    expect(received).toEqual([]);
  });

  it('are redelivered from the dead letters, one or all of them', async () => {
    await startOrders();
    const publish = world.publisherFor('product');
    const orderIds = [randomUUID(), randomUUID(), randomUUID()];
    for (const orderId of orderIds) failing.set(orderId, new AppError('BAD_USER_INPUT', 'no'));
    const ids = await Promise.all(orderIds.map((orderId) => publish('product.stockReserved', { orderId })));
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

  it('are retried without limit while a dependency of their handler is unavailable', async () => {
    await startOrders();
    const publish = world.publisherFor('product');
    const orderId = randomUUID();
    failing.set(orderId, new AppError('SERVICE_UNAVAILABLE', 'The user service is unavailable'));
    await publish('product.stockReserved', { orderId });
    await eventually(() => expect(attemptsFor(orderId)).toBeGreaterThan(TRIES));
    failing.clear();
    await eventually(async () => expect(await world.effects()).toEqual([orderId]));
  });

  it('are not lost if published before the first start of their consumer', async () => {
    const publish = world.publisherFor('product');
    const orderId = randomUUID();
    await publish('product.stockReserved', { orderId });
    await startOrders();
    await eventually(async () => expect(await world.effects()).toEqual([orderId]));
  });

  it('are not lost while their consumer is down', async () => {
    const service = await startOrders();
    await service.close();
    const publish = world.publisherFor('product');
    const orderIds = Array.from({ length: 100 }, () => randomUUID());
    await Promise.all(orderIds.map((orderId) => publish('product.stockReserved', { orderId })));
    await startOrders();
    await eventually(async () => expect((await world.effects()).toSorted()).toEqual(orderIds.toSorted()));
  });

  it('are broadcast to every running gateway, without retries', async () => {
    const seen: string[] = [];
    const gateway = (name: string) => {
      @Controller()
      class StockWatch {
        @OnEvent(products.events.stockChanged)
        async changed({ products: [first] }: { products: { productId: string }[] }) {
          seen.push(`${name} ${first!.productId}`);
          if (name === 'first') throw new Error('The cache is unavailable');
        }
      }
      return world.start({ controllers: [StockWatch] });
    };
    await gateway('first');
    const second = await gateway('second');
    const publish = world.publisherFor('product');
    const change = () => {
      const productId = randomUUID();
      const published = publish('product.stockChanged', { products: [{ productId, version: 1, stock: 1 }] });
      return published.then(() => productId);
    };
    const both = await change();
    await eventually(() => expect(seen.toSorted()).toEqual([`first ${both}`, `second ${both}`]));
    await second.close();
    const one = await change();
    await eventually(() => expect(seen).toContain(`first ${one}`));
    expect(seen).toHaveLength(3);
  });

  it('of several types can share a handler, each validated against its own payload class', async () => {
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

  it('with two handlers in one service prevent its start', async () => {
    @Controller()
    class Second {
      @OnEvent(products.events.stockReserved)
      async again() {}
    }
    const both = { service: 'order' as const, controllers: [Reservations, Second], databaseUrl: world.database.url };
    await expect(world.start(both)).rejects.toThrow(/two handlers/);
  });
});
