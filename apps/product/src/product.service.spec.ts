import { AppError, MAX_STOCK, orders, products, Role, type ProductClient } from '@app/contracts';
import { eventually, ServiceUnderTest } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { productService } from './product.module.js';

const seller = { userId: randomUUID(), role: Role.CUSTOMER };
const stranger = { userId: randomUUID(), role: Role.CUSTOMER };
const admin = { userId: randomUUID(), role: Role.ADMIN };

let service: ServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  service = await ServiceUnderTest.start(productService);
  client = service.client(products);
});
afterAll(() => service.close());

const create = (stock: number, price = 10) =>
  client.create({ caller: seller, product: { name: 'Tea', price, description: 'Green', stock } });
const stockOf = async (id: string) => (await client.quote({ ids: [id] }))[0]?.stock;
const placed = (orderId: string, ...lines: [productId: string, quantity: number][]) => ({
  orderId,
  userId: stranger.userId,
  version: 1,
  lines: lines.map(([productId, quantity]) => ({ productId, quantity })),
});
const shipped = (orderId: string) => ({ orderId, userId: stranger.userId, version: 3 });
const cancelled = (orderId: string) => ({ orderId, userId: stranger.userId, version: 2 });
const unitsOf = async (id: string) =>
  (await service.database.query('select stock, reserved from products where id = $1', [id]))[0];
const setStock = (id: string, stock: number) => client.update({ caller: seller, id, changes: { stock } });
/** A product as it may be from before stock was bounded. */
async function createFull(stock: number): Promise<string> {
  const { id } = await create(0);
  await service.database.query('update products set stock = $2 where id = $1', [id, stock]);
  return id;
}
async function reserve(...lines: [productId: string, quantity: number][]): Promise<string> {
  const orderId = randomUUID();
  await service.publish(orders.events.placed, placed(orderId, ...lines));
  await eventually(() => expect(verdictsOn(orderId)).toEqual([{ orderId }]));
  return orderId;
}
const verdictsOn = (orderId: string) => [
  ...service.publishedOf(products.events.stockReserved).filter((event) => event.orderId === orderId),
  ...service.publishedOf(products.events.stockRejected).filter((event) => event.orderId === orderId),
];
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: AppError) => error,
  );

describe('products', () => {
  test('are created, read, changed and deleted, and each is told', async () => {
    const product = await create(5, 19.99);
    expect(product).toMatchObject({ name: 'Tea', price: 19.99, stock: 5, sellerId: seller.userId });
    expect(await client.getMany({ ids: [product.id, randomUUID()] })).toEqual([product]);

    const changed = await client.update({ caller: seller, id: product.id, changes: { price: 0.29 } });
    expect(changed).toMatchObject({ name: 'Tea', price: 0.29, stock: 5 });

    await client.delete({ caller: admin, id: product.id });
    expect(await client.getMany({ ids: [product.id] })).toEqual([]);
    expect((await client.list({})).map(({ id }) => id)).not.toContain(product.id);
    await eventually(() => {
      expect(service.publishedOf(products.events.created)).toContainEqual({ productId: product.id, version: 1 });
      expect(service.publishedOf(products.events.updated)).toContainEqual({ productId: product.id, version: 2 });
      expect(service.publishedOf(products.events.deleted)).toContainEqual({ productId: product.id, version: 3 });
    });
  });

  test('are changed and deleted by their seller and admins alone', async () => {
    const { id } = await create(5);
    expect(await errorOf(client.update({ caller: stranger, id, changes: { price: 1 } }))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await errorOf(client.delete({ caller: stranger, id }))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await errorOf(client.delete({ caller: seller, id: randomUUID() }))).toMatchObject({
      code: 'PRODUCT_NOT_FOUND',
    });
  });

  test('are listed newest first', async () => {
    const older = await create(1);
    const newer = await create(1);
    const ids = (await client.list({})).map(({ id }) => id);
    expect(ids.indexOf(newer.id)).toBeLessThan(ids.indexOf(older.id));
  });
});

describe('stock', () => {
  test('is reserved by an order that is placed, once, and comes back when it is cancelled, once', async () => {
    const { id } = await create(5);
    const orderId = randomUUID();
    const [placing, cancelling] = [randomUUID(), randomUUID()];
    await service.publish(orders.events.placed, placed(orderId, [id, 3]), placing);
    await service.publish(orders.events.placed, placed(orderId, [id, 3]), placing);
    await service.publish(orders.events.placed, placed(orderId, [id, 3]));
    await eventually(async () => expect(await stockOf(id)).toBe(2));
    await eventually(() => expect(verdictsOn(orderId)).toEqual([{ orderId }]));

    await service.publish(orders.events.cancelled, cancelled(orderId), cancelling);
    await service.publish(orders.events.cancelled, cancelled(orderId), cancelling);
    await service.publish(orders.events.cancelled, cancelled(orderId));
    await eventually(async () => expect(await stockOf(id)).toBe(5));
    await service.settled();
    expect(await stockOf(id)).toBe(5);
    expect(verdictsOn(orderId)).toEqual([{ orderId }]);
  });

  test('is not touched by an order that was cancelled before it was heard of', async () => {
    const { id } = await create(5);
    const orderId = randomUUID();
    await service.publish(orders.events.cancelled, cancelled(orderId));
    await eventually(async () =>
      expect(await service.database.query('select from reservations where order_id = $1', [orderId])).toHaveLength(1),
    );
    await service.publish(orders.events.placed, placed(orderId, [id, 3]));
    await service.settled();
    expect(await stockOf(id)).toBe(5);
    expect(verdictsOn(orderId)).toEqual([]);
  });

  test('is reserved for all lines or none', async () => {
    const [enough, short] = [await create(5), await create(1)];
    const orderId = randomUUID();
    await service.publish(orders.events.placed, placed(orderId, [enough.id, 2], [short.id, 2]));
    await eventually(() => expect(verdictsOn(orderId)).toEqual([{ orderId, reason: 'OUT_OF_STOCK' }]));
    expect([await stockOf(enough.id), await stockOf(short.id)]).toEqual([5, 1]);

    await service.publish(orders.events.cancelled, cancelled(orderId));
    await service.settled();
    expect([await stockOf(enough.id), await stockOf(short.id)]).toEqual([5, 1]);
  });

  test('of a deleted product is not reserved, and still takes back what was', async () => {
    const { id } = await create(5);
    const [before, after] = [randomUUID(), randomUUID()];
    await service.publish(orders.events.placed, placed(before, [id, 2]));
    await eventually(() => expect(verdictsOn(before)).toHaveLength(1));
    await client.delete({ caller: seller, id });
    await service.publish(orders.events.placed, placed(after, [id, 1]));
    await eventually(() => expect(verdictsOn(after)).toEqual([{ orderId: after, reason: 'PRODUCT_UNAVAILABLE' }]));
    await service.publish(orders.events.cancelled, cancelled(before));
    await eventually(async () =>
      expect(await service.database.query('select stock from products where id = $1', [id])).toEqual([{ stock: 5 }]),
    );
  });

  test('never goes below zero and deadlocks nothing, whatever comes at once, from two instances', async () => {
    await service.startInstance(productService);
    const [a, b] = [await create(30), await create(30)];
    const orderIds = Array.from({ length: 100 }, () => randomUUID());
    await Promise.all(
      orderIds.map((orderId, i) =>
        service.publish(
          orders.events.placed,
          placed(
            orderId,
            ...((i % 2
              ? [
                  [a.id, 1],
                  [b.id, 1],
                ]
              : [
                  [b.id, 1],
                  [a.id, 1],
                ]) as [string, number][]),
          ),
        ),
      ),
    );
    await eventually(() => expect(orderIds.flatMap(verdictsOn)).toHaveLength(100));
    expect(orderIds.flatMap(verdictsOn).filter((verdict) => 'reason' in verdict)).toHaveLength(70);
    const all = { stock: 0, reserved: 30 };
    expect([await unitsOf(a.id), await unitsOf(b.id)]).toEqual([all, all]);
    expect(await service.transport.deadLetters('product')).toEqual([]);
  });

  test('set by the seller and taken by orders at the same time adds up', async () => {
    const { id } = await create(1000);
    const orderIds = Array.from({ length: 20 }, () => randomUUID());
    await Promise.all([
      ...orderIds.map((orderId) => service.publish(orders.events.placed, placed(orderId, [id, 1]))),
      ...Array.from({ length: 20 }, (_, i) => client.update({ caller: seller, id, changes: { name: `Tea ${i}` } })),
    ]);
    await eventually(async () => expect(await stockOf(id)).toBe(980));
  });
});

describe('reserved units', () => {
  test('are held until the order is shipped, which takes no stock, or cancelled, whatever comes twice', async () => {
    const { id } = await create(10);
    const [sent, called] = [await reserve([id, 3]), await reserve([id, 2])];
    expect(await unitsOf(id)).toEqual({ stock: 5, reserved: 5 });
    for (let i = 0; i < 2; i++) await service.publish(orders.events.shipped, shipped(sent));
    await service.settled();
    expect(await unitsOf(id)).toEqual({ stock: 5, reserved: 2 });
    for (let i = 0; i < 2; i++) await service.publish(orders.events.cancelled, cancelled(called));
    await service.settled();
    expect(await unitsOf(id)).toEqual({ stock: 7, reserved: 0 });
    // Neither can follow the other; if it did, nothing would move.
    await service.publish(orders.events.cancelled, cancelled(sent));
    await service.publish(orders.events.shipped, shipped(called));
    await service.settled();
    expect(await unitsOf(id)).toEqual({ stock: 7, reserved: 0 });
  });

  test('of an order whose shipped event arrives before its placed event are taken once', async () => {
    const { id } = await create(5);
    const orderId = randomUUID();
    await service.publish(orders.events.shipped, shipped(orderId));
    await service.settled();
    await service.publish(orders.events.placed, placed(orderId, [id, 3]));
    await service.settled();
    expect(await stockOf(id)).toBe(2);
  });

  test('count when stock is set: together they are at most MAX_STOCK, so what comes back always fits', async () => {
    const { id } = await create(MAX_STOCK);
    const orderId = await reserve([id, 1_000_000]);
    expect(await errorOf(setStock(id, MAX_STOCK))).toMatchObject({
      code: 'BAD_USER_INPUT',
      details: {
        fields: { stock: [expect.stringContaining('1000000 reserved')] },
        limit: MAX_STOCK,
        actual: MAX_STOCK + 1_000_000,
        reserved: 1_000_000,
      },
    });
    expect(await unitsOf(id)).toEqual({ stock: MAX_STOCK - 1_000_000, reserved: 1_000_000 });
    await setStock(id, 0);
    await setStock(id, MAX_STOCK - 1_000_000);
    await service.publish(orders.events.cancelled, cancelled(orderId));
    await service.settled();
    expect(await unitsOf(id)).toEqual({ stock: MAX_STOCK, reserved: 0 });
  });

  test('do not keep the seller of a product that has too many from setting fewer', async () => {
    const id = await createFull(2_000_000_000);
    await reserve([id, 1]);
    expect(await setStock(id, 999_999_999)).toMatchObject({ stock: 999_999_999 });
    expect(await errorOf(setStock(id, MAX_STOCK))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('a release', () => {
  test('gives each product what it can hold: one that is full keeps nothing from the others', async () => {
    const [full, honest] = [await createFull(2_147_483_647), await create(50)];
    const orderId = await reserve([full, 10], [honest.id, 50]);
    await service.database.query('update products set stock = $2 where id = $1', [full, 2_147_483_640]);
    await service.publish(orders.events.cancelled, cancelled(orderId));
    await service.settled();
    expect(await unitsOf(honest.id)).toEqual({ stock: 50, reserved: 0 });
    expect(await unitsOf(full)).toEqual({ stock: 2_147_483_647, reserved: 0 });
    expect(service.publishedOf(products.events.stockChanged).at(-1)?.products).toHaveLength(2);
  });
});

test('reservations of a release before this one are counted as reserved', async () => {
  const { id } = await create(10);
  const [orderId] = [await reserve([id, 3]), await reserve([id, 2])];
  await service.publish(orders.events.cancelled, cancelled(orderId));
  await service.settled();
  const { database } = service;
  await database.query(`
    alter table products drop column reserved;
    alter table reservations drop constraint reservations_status_check;
    alter table reservations add constraint reservations_status_check check (status in ('RESERVED', 'REJECTED', 'RELEASED')) not valid;
    delete from mikro_orm_migrations where name = '003-reserved-units'`);
  await service.startInstance(productService);
  expect(await unitsOf(id)).toEqual({ stock: 8, reserved: 2 });
});
