import { Role } from '@app/contracts';
import { eventually, schemaDrift } from '@app/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProductServiceUnderTest } from '../../test/product-service-under-test.js';
import { productService } from '../product.module.js';

const admin = { userId: randomUUID(), role: Role.ADMIN };

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

test('the migration 004-search fills existing products in batches that commit one by one, and continues after a crash', async () => {
  const { service, client } = underTest;
  const sellerId = randomUUID();
  await service.database.query('alter table products disable trigger products_terms');
  await service.database.query(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     select gen_random_uuid(), 'Crème 東京 ' || i, 1, 1, '', $1, 1, now(), now() from generate_series(1, 2500) i`,
    [sellerId],
  );
  await service.database.query(`delete from mikro_orm_migrations where name = '004-search'`);
  await service.startInstance(productService);
  const [{ transactions }] = (await service.database.query<{ transactions: number }>(
    'select count(distinct xmin::text)::int as transactions from products where seller_id = $1',
    [sellerId],
  )) as [{ transactions: number }];
  expect(transactions).toBeGreaterThanOrEqual(3);
  expect(await client.count({ search: 'creme 京', sellerId })).toBe(2500);
});

test('what an instance of the previous release writes is found', async () => {
  const { service, client } = underTest;
  const [id, sellerId] = [randomUUID(), randomUUID()];
  await service.database.query(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     values ($1, 'Straße 京都', 1, 1, '', $2, 1, now(), now())`,
    [id, sellerId],
  );
  expect(await client.count({ search: 'strasse 京都', sellerId })).toBe(1);
  await service.database.query(`update products set name = 'Crème' where id = $1`, [id]);
  expect(await client.count({ search: 'strasse', sellerId })).toBe(0);
  expect(await client.count({ search: 'creme', sellerId })).toBe(1);
});

test('the migration 006-unit-prices fills existing products in batches that commit one by one, and continues after a crash', async () => {
  const { service, client } = underTest;
  const sellerId = randomUUID();
  await service.database.query('alter table products disable trigger products_unit_price');
  await service.database.query(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     select gen_random_uuid(), 'Ring ' || i, i, 1, '', $1, 1, now(), now() from generate_series(1, 2500) i`,
    [sellerId],
  );
  await service.database.query(`
    alter table products enable trigger products_unit_price;
    delete from mikro_orm_migrations where name = '006-unit-prices'`);
  await service.startInstance(productService);
  const [{ transactions }] = (await service.database.query<{ transactions: number }>(
    'select count(distinct xmin::text)::int as transactions from products where seller_id = $1',
    [sellerId],
  )) as [{ transactions: number }];
  expect(transactions).toBeGreaterThanOrEqual(3);
  expect(await client.count({ minPrice: 0.01, maxPrice: 25, sellerId })).toBe(2500);
});

test('an instance of the previous release and this one see the same prices', async () => {
  const { service, client } = underTest;
  const id = randomUUID();
  const write = (sql: string) => service.database.query(sql, [id]);
  const prices = async () => {
    const [row] = await write('select price_cents as previous from products where id = $1');
    return { ...row, now: (await client.quote({ ids: [id] }))[0]?.price };
  };
  await write(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     values ($1, 'Ring', 100, 1, '', gen_random_uuid(), 1, now(), now())`,
  );
  expect(await prices()).toEqual({ previous: 100, now: 1 });
  await write('update products set price_cents = 200 where id = $1');
  expect(await prices()).toEqual({ previous: 200, now: 2 });
  await client.update({ caller: admin, id, changes: { price: 3 } });
  expect(await prices()).toEqual({ previous: 300, now: 3 });
  // The previous release cannot read such a price. It keeps it.
  await write('update products set unit_price_cents = 4500000000 where id = $1');
  await write(`update products set name = 'Gold ring', price_cents = 2147483647 where id = $1`);
  expect(await prices()).toEqual({ previous: 2147483647, now: 45_000_000 });
});
