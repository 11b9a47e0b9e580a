import { AppError, orders, products, Role, type ProductClient } from '@app/contracts';
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
const cancelled = (orderId: string) => ({ orderId, userId: stranger.userId, version: 2 });
const verdictsOn = (orderId: string) => [
  ...service.toldOf(products.events.stockReserved).filter((event) => event.orderId === orderId),
  ...service.toldOf(products.events.stockRejected).filter((event) => event.orderId === orderId),
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
      expect(service.toldOf(products.events.created)).toContainEqual({ productId: product.id, version: 1 });
      expect(service.toldOf(products.events.updated)).toContainEqual({ productId: product.id, version: 2 });
      expect(service.toldOf(products.events.deleted)).toContainEqual({ productId: product.id, version: 3 });
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
    await service.tell(orders.events.placed, placed(orderId, [id, 3]), placing);
    await service.tell(orders.events.placed, placed(orderId, [id, 3]), placing);
    await service.tell(orders.events.placed, placed(orderId, [id, 3]));
    await eventually(async () => expect(await stockOf(id)).toBe(2));
    await eventually(() => expect(verdictsOn(orderId)).toEqual([{ orderId }]));

    await service.tell(orders.events.cancelled, cancelled(orderId), cancelling);
    await service.tell(orders.events.cancelled, cancelled(orderId), cancelling);
    await service.tell(orders.events.cancelled, cancelled(orderId));
    await eventually(async () => expect(await stockOf(id)).toBe(5));
    await service.settled();
    expect(await stockOf(id)).toBe(5);
    expect(verdictsOn(orderId)).toEqual([{ orderId }]);
  });

  test('is not touched by an order that was cancelled before it was heard of', async () => {
    const { id } = await create(5);
    const orderId = randomUUID();
    await service.tell(orders.events.cancelled, cancelled(orderId));
    await eventually(async () =>
      expect(await service.database.query('select from reservations where order_id = $1', [orderId])).toHaveLength(1),
    );
    await service.tell(orders.events.placed, placed(orderId, [id, 3]));
    await service.settled();
    expect(await stockOf(id)).toBe(5);
    expect(verdictsOn(orderId)).toEqual([]);
  });

  test('is reserved for all lines or none', async () => {
    const [enough, short] = [await create(5), await create(1)];
    const orderId = randomUUID();
    await service.tell(orders.events.placed, placed(orderId, [enough.id, 2], [short.id, 2]));
    await eventually(() => expect(verdictsOn(orderId)).toEqual([{ orderId, reason: 'OUT_OF_STOCK' }]));
    expect([await stockOf(enough.id), await stockOf(short.id)]).toEqual([5, 1]);

    await service.tell(orders.events.cancelled, cancelled(orderId));
    await service.settled();
    expect([await stockOf(enough.id), await stockOf(short.id)]).toEqual([5, 1]);
  });

  test('of a deleted product is not reserved, and still takes back what was', async () => {
    const { id } = await create(5);
    const [before, after] = [randomUUID(), randomUUID()];
    await service.tell(orders.events.placed, placed(before, [id, 2]));
    await eventually(() => expect(verdictsOn(before)).toHaveLength(1));
    await client.delete({ caller: seller, id });
    await service.tell(orders.events.placed, placed(after, [id, 1]));
    await eventually(() => expect(verdictsOn(after)).toEqual([{ orderId: after, reason: 'PRODUCT_UNAVAILABLE' }]));
    await service.tell(orders.events.cancelled, cancelled(before));
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
        service.tell(
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
    expect([await stockOf(a.id), await stockOf(b.id)]).toEqual([0, 0]);
    expect(await service.transport.deadLetters('product')).toEqual([]);
  });

  test('set by the seller and taken by orders at the same time adds up', async () => {
    const { id } = await create(1000);
    const orderIds = Array.from({ length: 20 }, () => randomUUID());
    await Promise.all([
      ...orderIds.map((orderId) => service.tell(orders.events.placed, placed(orderId, [id, 1]))),
      ...Array.from({ length: 20 }, (_, i) => client.update({ caller: seller, id, changes: { name: `Tea ${i}` } })),
    ]);
    await eventually(async () => expect(await stockOf(id)).toBe(980));
  });
});
