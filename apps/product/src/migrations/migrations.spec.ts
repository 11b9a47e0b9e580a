import { eventually, schemaDrift } from '@app/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProductServiceUnderTest } from '../../test/product-service-under-test.js';
import { productService } from '../product.module.js';

let underTest: ProductServiceUnderTest;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
});
afterAll(() => underTest.close());

test('the migrations create the schema that the entities declare', async () => {
  expect(await schemaDrift(productService)).toBe('');
});

test('an order that leaves some stock writes to no index of the product', async () => {
  const { client, service } = underTest;
  const { id } = await underTest.create({ stock: 100 });
  for (let i = 0; i < 30; i++) await underTest.place(randomUUID(), [[id, 1]]);
  await service.settled();
  // Such an update is a HOT update, except for a few when the page is full.
  const updates = `select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'products'`;
  await eventually(async () => {
    // PostgreSQL adds a connection's counts when the connection is used again, or after 10 seconds.
    await Promise.all(Array.from({ length: 20 }, () => client.list({})));
    const [counts] = await service.database.query<{ all: number; hot: number }>(updates);
    expect(counts!.all).toBeGreaterThanOrEqual(30);
    expect(counts!.hot).toBeGreaterThan((2 / 3) * counts!.all);
  });
});

test('the migration 003-reserved-units counts existing reservations', async () => {
  const { service } = underTest;
  const { id } = await underTest.create({ stock: 10 });
  const [orderId] = [await underTest.reserve([id, 3]), await underTest.reserve([id, 2])];
  await underTest.cancel(orderId);
  await service.settled();
  await service.database.query(`
    alter table products drop column reserved;
    alter table reservations drop constraint reservations_status_check;
    alter table reservations add constraint reservations_status_check check (status in ('RESERVED', 'REJECTED', 'RELEASED')) not valid;
    delete from mikro_orm_migrations where name = '003-reserved-units'`);
  await service.startInstance(productService);
  expect(await underTest.unitsOf(id)).toEqual({ stock: 8, reserved: 2 });
});
