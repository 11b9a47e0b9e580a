import { MAX_STOCK, products, type ProductClient } from '@app/contracts';
import { errorOf, eventually } from '@app/testing';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProductServiceUnderTest, seller } from '../../test/product-service-under-test.js';
import { productService } from '../product.module.js';

/** PostgreSQL's largest int. */
const MAX_INT = 2_147_483_647;

let underTest: ProductServiceUnderTest;
let service: ServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
  ({ service, client } = underTest);
});
afterAll(() => underTest.close());

const create = async (stock: number) => (await underTest.create({ stock })).id;
/** A product with more stock than the API allows, as older releases did. */
async function createOverfull(stock: number): Promise<string> {
  const id = await create(0);
  await service.database.query('update products set stock = $2 where id = $1', [id, stock]);
  return id;
}
const setStock = (id: string, stock: number) => client.update({ caller: seller, id, changes: { stock } });

describe('stock', () => {
  test('is reserved once by a placed order, and returned once by its cancellation', async () => {
    const id = await create(5);
    const orderId = randomUUID();
    const [placedId, cancelledId] = [randomUUID(), randomUUID()];
    await underTest.place(orderId, [[id, 3]], placedId);
    await underTest.place(orderId, [[id, 3]], placedId);
    await underTest.place(orderId, [[id, 3]]);
    await eventually(async () => expect(await underTest.stockOf(id)).toBe(2));
    await eventually(() => expect(underTest.resultsOf(orderId)).toEqual([{ orderId }]));

    await underTest.cancel(orderId, cancelledId);
    await underTest.cancel(orderId, cancelledId);
    await underTest.cancel(orderId);
    await eventually(async () => expect(await underTest.stockOf(id)).toBe(5));
    await service.settled();
    expect(await underTest.stockOf(id)).toBe(5);
    expect(underTest.resultsOf(orderId)).toEqual([{ orderId }]);
  });

  test('is a change of the product: its reservation and its return set updatedAt', async () => {
    const { id, updatedAt } = await underTest.create({ stock: 5 });
    const changedAt = async () => (await client.getMany({ ids: [id] }))[0]!.updatedAt;
    const orderId = await underTest.reserve([id, 3]);
    const reservedAt = await changedAt();
    expect(Date.parse(reservedAt)).toBeGreaterThan(Date.parse(updatedAt));
    await underTest.cancel(orderId);
    await eventually(async () => expect(await underTest.stockOf(id)).toBe(5));
    expect(Date.parse(await changedAt())).toBeGreaterThan(Date.parse(reservedAt));
  });

  test('does not change when the cancelled event arrives before the placed event', async () => {
    const id = await create(5);
    const orderId = randomUUID();
    await underTest.cancel(orderId);
    await service.settled();
    await underTest.place(orderId, [[id, 3]]);
    await service.settled();
    expect(await underTest.stockOf(id)).toBe(5);
    expect(underTest.resultsOf(orderId)).toEqual([]);
  });

  test('is reserved for all lines of an order or for none', async () => {
    const [enough, short] = [await create(5), await create(1)];
    const orderId = randomUUID();
    await underTest.place(orderId, [
      [enough, 2],
      [short, 2],
    ]);
    await eventually(() => expect(underTest.resultsOf(orderId)).toEqual([{ orderId, reason: 'OUT_OF_STOCK' }]));
    expect([await underTest.stockOf(enough), await underTest.stockOf(short)]).toEqual([5, 1]);

    await underTest.cancel(orderId);
    await service.settled();
    expect([await underTest.stockOf(enough), await underTest.stockOf(short)]).toEqual([5, 1]);
  });

  test('of a deleted product cannot be reserved, but is returned', async () => {
    const id = await create(5);
    const [before, after] = [await underTest.reserve([id, 2]), randomUUID()];
    await client.delete({ caller: seller, id });
    await underTest.place(after, [[id, 1]]);
    const rejected = [{ orderId: after, reason: 'PRODUCT_UNAVAILABLE' }];
    await eventually(() => expect(underTest.resultsOf(after)).toEqual(rejected));
    await underTest.cancel(before);
    await eventually(async () => expect(await underTest.unitsOf(id)).toEqual({ stock: 5, reserved: 0 }));
  });

  test('never falls below zero, and concurrent orders at two instances do not deadlock', async () => {
    await service.startInstance(productService);
    const [a, b] = [await create(30), await create(30)];
    const orderIds = Array.from({ length: 100 }, () => randomUUID());
    await Promise.all(
      orderIds.map((orderId, i) => {
        const [first, second] = i % 2 ? [a, b] : [b, a];
        return underTest.place(orderId, [
          [first, 1],
          [second, 1],
        ]);
      }),
    );
    const results = () => orderIds.flatMap((orderId) => underTest.resultsOf(orderId));
    await eventually(() => expect(results()).toHaveLength(100));
    expect(results().filter(({ reason }) => reason)).toHaveLength(70);
    const soldOut = { stock: 0, reserved: 30 };
    expect([await underTest.unitsOf(a), await underTest.unitsOf(b)]).toEqual([soldOut, soldOut]);
    expect(await service.transport.deadLetters('product')).toEqual([]);
  });

  test('adds up after concurrent orders and changes by the seller', async () => {
    const id = await create(1000);
    await Promise.all([
      ...Array.from({ length: 20 }, () => underTest.place(randomUUID(), [[id, 1]])),
      ...Array.from({ length: 20 }, (_, i) => client.update({ caller: seller, id, changes: { name: `Tea ${i}` } })),
    ]);
    await eventually(async () => expect(await underTest.stockOf(id)).toBe(980));
  });

  test('that does not fit into one product is lost, and the other products get theirs back', async () => {
    const [full, other] = [await createOverfull(MAX_INT), await create(50)];
    const orderId = await underTest.reserve([full, 10], [other, 50]);
    await service.database.query('update products set stock = $2 where id = $1', [full, MAX_INT - 7]);
    await underTest.cancel(orderId);
    await service.settled();
    expect(await underTest.unitsOf(other)).toEqual({ stock: 50, reserved: 0 });
    expect(await underTest.unitsOf(full)).toEqual({ stock: MAX_INT, reserved: 0 });
    const changes = service.publishedOf(products.events.stockChanged).map(({ products }) => products);
    const changesOfFull = changes.filter((stocks) => stocks.some(({ productId }) => productId === full));
    expect(changesOfFull.at(-1)).toHaveLength(2);
  });
});

describe('reserved units', () => {
  test('are held until the order is shipped or cancelled; redelivered events change nothing', async () => {
    const id = await create(10);
    const [shipped, cancelled] = [await underTest.reserve([id, 3]), await underTest.reserve([id, 2])];
    expect(await underTest.unitsOf(id)).toEqual({ stock: 5, reserved: 5 });
    for (let i = 0; i < 2; i++) await underTest.ship(shipped);
    await service.settled();
    expect(await underTest.unitsOf(id)).toEqual({ stock: 5, reserved: 2 });
    for (let i = 0; i < 2; i++) await underTest.cancel(cancelled);
    await service.settled();
    expect(await underTest.unitsOf(id)).toEqual({ stock: 7, reserved: 0 });
    // The order service never publishes these. If it did, they would change nothing.
    await underTest.cancel(shipped);
    await underTest.ship(cancelled);
    await service.settled();
    expect(await underTest.unitsOf(id)).toEqual({ stock: 7, reserved: 0 });
  });

  test('are taken once when the shipped event arrives before the placed event', async () => {
    const id = await create(5);
    const orderId = randomUUID();
    await underTest.ship(orderId);
    await service.settled();
    await underTest.place(orderId, [[id, 3]]);
    await service.settled();
    expect(await underTest.stockOf(id)).toBe(2);
  });

  test('and the stock are at most MAX_STOCK together, so that returned units always fit', async () => {
    const id = await create(MAX_STOCK);
    const orderId = await underTest.reserve([id, 1_000_000]);
    expect(await errorOf(setStock(id, MAX_STOCK))).toMatchObject({
      code: 'BAD_USER_INPUT',
      details: {
        fields: { stock: [expect.stringContaining('1000000 reserved')] },
        limit: MAX_STOCK,
        actual: MAX_STOCK + 1_000_000,
        reserved: 1_000_000,
      },
    });
    expect(await underTest.unitsOf(id)).toEqual({ stock: MAX_STOCK - 1_000_000, reserved: 1_000_000 });
    await setStock(id, 0);
    await setStock(id, MAX_STOCK - 1_000_000);
    await underTest.cancel(orderId);
    await service.settled();
    expect(await underTest.unitsOf(id)).toEqual({ stock: MAX_STOCK, reserved: 0 });
  });

  test('do not prevent the seller of an overfull product from lowering its stock', async () => {
    const id = await createOverfull(2_000_000_000);
    await underTest.reserve([id, 1]);
    expect(await setStock(id, 999_999_999)).toMatchObject({ stock: 999_999_999 });
    expect(await errorOf(setStock(id, MAX_STOCK))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
