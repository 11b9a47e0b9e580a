import { schemaDrift } from '@app/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OrderServiceUnderTest } from '../../test/order-service-under-test.js';
import { orderService } from '../order.module.js';

let underTest: OrderServiceUnderTest;
beforeAll(async () => {
  underTest = await OrderServiceUnderTest.start();
});
afterAll(() => underTest.close());

test('the migrations create the tables of the entities', async () => {
  expect(await schemaDrift(orderService)).toBe('');
});

/** Items of an order as the previous release stores them. */
async function insertItems(orderId: string, count: number) {
  await underTest.service.database.query(
    `insert into order_items (id, order_id, product_id, quantity, price_cents)
     select gen_random_uuid(), $1, gen_random_uuid(), 1, 100 + i from generate_series(1, ${count}) i`,
    [orderId],
  );
}

test('items at prices of more than 32 bits are exact, next to those of the previous release', async () => {
  const customer = underTest.newCustomer();
  const car = underTest.newProduct({ price: 45_000_000 });
  const order = await underTest.place(customer, [[car, 2]], { expectedTotal: 90_000_000 });
  await insertItems(order.id, 1);
  const read = await underTest.client.get({ caller: customer, id: order.id });
  expect(read).toMatchObject({ total: 90_000_000 });
  expect(read!.items.map(({ price }) => price).toSorted()).toEqual([1.01, 45_000_000]);
});

test('the migration 005-unit-prices fills existing items in batches that commit one by one, and continues after a crash', async () => {
  const { service } = underTest;
  const customer = underTest.newCustomer();
  const { id } = await underTest.placeAny(customer);
  await service.database.query('alter table order_items disable trigger order_items_unit_price');
  await insertItems(id, 12_000);
  await service.database.query(`
    alter table order_items enable trigger order_items_unit_price;
    delete from mikro_orm_migrations where name = '005-unit-prices'`);
  await service.startInstance(orderService);
  const [counts] = await service.database.query(
    `select count(distinct xmin::text) >= 3 as "inBatches", count(*) filter (where unit_price_cents = price_cents)::int as filled
     from order_items where order_id = $1`,
    [id],
  );
  expect(counts).toEqual({ inBatches: true, filled: 12_002 });
});
