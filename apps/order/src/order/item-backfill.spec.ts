import type { Caller, OrderItemDto, ProductQuote } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OrderServiceUnderTest } from '../../test/order-service-under-test.js';
import { orderService } from '../order.module.js';

let underTest: OrderServiceUnderTest;
let customer: Caller;

beforeAll(async () => {
  underTest = await OrderServiceUnderTest.start();
});
afterAll(() => underTest.close());
beforeEach(() => {
  underTest.productsAnswer = true;
  customer = underTest.newCustomer();
});

const seller = () => ({ name: `Ring ${randomUUID()}`, sellerId: randomUUID() });
const startInstance = () => underTest.service.startInstance(orderService);

async function itemOf(orderId: string): Promise<OrderItemDto> {
  const order = await underTest.client.get({ caller: customer, id: orderId });
  return order!.items[0]!;
}

/** Places an order as release 0.2 did, without the name and the seller of its product. */
async function placeWithoutName(): Promise<{ orderId: string; product: ProductQuote }> {
  const product = underTest.newProduct();
  const { id, items } = await underTest.place(customer, [[product, 1]]);
  expect(items).toMatchObject([{ productName: null, sellerId: null }]);
  return { orderId: id, product };
}

test('an item keeps the name and the seller of its product as ordered', async () => {
  const ring = underTest.newProduct({ name: 'Gold ring', sellerId: randomUUID() });
  const { sellerId } = ring;
  const placed = await underTest.place(customer, [[ring, 1]]);
  expect(placed.items).toMatchObject([{ productId: ring.id, productName: 'Gold ring', sellerId }]);

  ring.name = 'Brass ring';
  underTest.summaries.push({ id: ring.id, name: 'Brass ring', sellerId: randomUUID() });
  await startInstance();
  // Once this item has its name, the new instance has seen all items.
  const { orderId, product } = await placeWithoutName();
  underTest.summaries.push({ id: product.id, ...seller() });
  await startInstance();
  await eventually(async () => expect((await itemOf(orderId)).productName).not.toBeNull());
  expect(await itemOf(placed.id)).toMatchObject({ productName: 'Gold ring', sellerId });
});

test('items without a name get it at startup, once, also while two instances start', async () => {
  const { orderId, product } = await placeWithoutName();
  const unknown = await placeWithoutName();
  const first = seller();
  underTest.summaries = [{ id: product.id, ...first }];
  await Promise.all([startInstance(), startInstance()]);
  const named = { productName: first.name, sellerId: first.sellerId };
  await eventually(async () => expect(await itemOf(orderId)).toMatchObject(named));

  underTest.summaries = [{ id: product.id, ...seller() }];
  const { orderId: last, product: lastProduct } = await placeWithoutName();
  underTest.summaries.push({ id: lastProduct.id, ...seller() });
  await startInstance();
  await eventually(async () => expect((await itemOf(last)).productName).not.toBeNull());
  expect(await itemOf(orderId)).toMatchObject(named);
  expect(await itemOf(unknown.orderId)).toMatchObject({ productName: null, sellerId: null });
});

test('many items are named in batches, however many belong to one product', async () => {
  const { orderId, product } = await placeWithoutName();
  const others = Array.from({ length: 1_500 }, () => randomUUID());
  await underTest.service.database.query(
    `insert into order_items (id, order_id, product_id, quantity, price_cents)
     select gen_random_uuid(), $1::uuid, id, 1, 1 from unnest($2::uuid[]) as id
     union all select gen_random_uuid(), $1::uuid, $3::uuid, 1, 1 from generate_series(1, 1500)`,
    [orderId, others, product.id],
  );
  underTest.summaries = [product.id, ...others].map((id) => ({ id, ...seller() }));
  await startInstance();
  await eventually(async () => {
    const [{ named }] = (await underTest.service.database.query<{ named: number }>(
      'select count(*)::int as named from order_items where order_id = $1 and product_name is not null',
      [orderId],
    )) as [{ named: number }];
    expect(named).toBe(3_001);
  });
});

test('items get their names later if the product service is unavailable at startup', async () => {
  const { orderId, product } = await placeWithoutName();
  underTest.summaries = [{ id: product.id, ...seller() }];
  underTest.productsAnswer = false;
  await startInstance();
  await sleep(1_000);
  expect(await itemOf(orderId)).toMatchObject({ productName: null });
  underTest.productsAnswer = true;
  await eventually(async () => expect((await itemOf(orderId)).productName).not.toBeNull(), 20_000);
});
