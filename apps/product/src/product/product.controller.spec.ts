import { products, Role, type ProductClient } from '@app/contracts';
import { errorOf, eventually } from '@app/testing';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProductServiceUnderTest, seller } from '../../test/product-service-under-test.js';

const stranger = { userId: randomUUID(), role: Role.CUSTOMER };
const admin = { userId: randomUUID(), role: Role.ADMIN };

let underTest: ProductServiceUnderTest;
let service: ServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
  ({ service, client } = underTest);
});
afterAll(() => underTest.close());

test('products are created, read, changed and deleted, and each change publishes an event', async () => {
  const product = await underTest.create({ stock: 5, price: 19.99 });
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

test('only the seller and admins change and delete a product', async () => {
  const { id } = await underTest.create();
  expect(await errorOf(client.update({ caller: stranger, id, changes: { price: 1 } }))).toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(await errorOf(client.delete({ caller: stranger, id }))).toMatchObject({ code: 'FORBIDDEN' });
  expect(await errorOf(client.delete({ caller: seller, id: randomUUID() }))).toMatchObject({
    code: 'PRODUCT_NOT_FOUND',
  });
});

test('products are listed newest first', async () => {
  const older = await underTest.create();
  const newer = await underTest.create();
  const ids = (await client.list({})).map(({ id }) => id);
  expect(ids.indexOf(newer.id)).toBeLessThan(ids.indexOf(older.id));
});
