import { MAX_STOCK, products, Role, type ProductClient } from '@app/contracts';
import { errorOf, eventually } from '@app/testing';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProductServiceUnderTest, seller } from '../../test/product-service-under-test.js';
import { productService } from '../product.module.js';

const admin = { userId: randomUUID(), role: Role.ADMIN };
const stranger = { userId: randomUUID(), role: Role.CUSTOMER };

let underTest: ProductServiceUnderTest;
let service: ServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
  ({ service, client } = underTest);
});
afterAll(() => underTest.close());

const adjust = (productId: string, delta: number, idempotencyKey?: string, caller = seller) =>
  client.adjustStock({ caller, productId, delta, idempotencyKey });
const create = async (stock: number) => (await underTest.create({ stock, name: 'Gold ring' })).id;

describe('a change of stock', () => {
  test('adds or removes units, and publishes the new stock', async () => {
    const id = await create(5);
    const { updatedAt } = (await client.getMany({ ids: [id] }))[0]!;
    expect(await adjust(id, 3)).toMatchObject({ id, stock: 8, changed: true });
    const removed = await adjust(id, -8, undefined, admin);
    expect(removed).toMatchObject({ stock: 0 });
    expect(removed.updatedAt > updatedAt).toBe(true);
    await eventually(() =>
      expect(service.publishedOf(products.events.stockChanged)).toEqual(
        expect.arrayContaining([
          { products: [{ productId: id, version: 2, stock: 8 }] },
          { products: [{ productId: id, version: 3, stock: 0 }] },
        ]),
      ),
    );
  });

  test('is rejected below zero, above the limit, for nothing and by strangers; then nothing changes', async () => {
    const id = await create(1);
    expect(await errorOf(adjust(id, -2))).toMatchObject({
      code: 'INSUFFICIENT_STOCK',
      message: 'Only 1 of "Gold ring" is left',
      details: { shortages: [{ productId: id, requested: 2, available: 1 }] },
    });
    expect(await errorOf(adjust(id, MAX_STOCK))).toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { fields: { delta: [expect.any(String)] }, limit: MAX_STOCK, actual: MAX_STOCK + 1 },
    });
    for (const delta of [0, 1.5, MAX_STOCK + 1, -MAX_STOCK - 1])
      expect(await errorOf(adjust(id, delta))).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await errorOf(adjust(id, 1, undefined, stranger))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await errorOf(adjust(randomUUID(), 1))).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    expect(await underTest.stockOf(id)).toBe(1);
  });

  test('loses nothing to concurrent orders and other changes', async () => {
    await service.startInstance(productService);
    const id = await create(100);
    await Promise.all([
      ...Array.from({ length: 4 }, () => underTest.place(randomUUID(), [[id, 2]])),
      ...Array.from({ length: 6 }, (_, i) => adjust(id, i % 2 ? 5 : -3)),
    ]);
    await service.settled();
    expect(await underTest.unitsOf(id)).toEqual({ stock: 100 - 8 + 15 - 9, reserved: 8 });
  });
});

describe('a change of stock with an idempotency key', () => {
  test('takes place once, also if it is repeated concurrently', async () => {
    const id = await create(5);
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 5 }, () => adjust(id, 3, key)));
    expect(answers.map(({ stock }) => stock)).toEqual(answers.map(() => 8));
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
    await adjust(id, -1);
    expect(await adjust(id, 3, key)).toMatchObject({ stock: 7, changed: false });
  });

  test('gets the same refusal again, even if it would be possible now', async () => {
    const id = await create(1);
    const key = randomUUID();
    const refusal = await errorOf(adjust(id, -2, key));
    expect(refusal).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
    await adjust(id, 5);
    expect(await errorOf(adjust(id, -2, key))).toEqual(refusal);
    expect(await underTest.stockOf(id)).toBe(6);
  });

  test('is rejected for a different change; keys belong to their caller', async () => {
    const [id, other] = [await create(5), await create(5)];
    const key = randomUUID();
    await adjust(id, 1, key);
    for (const change of [adjust(id, 2, key), adjust(other, 1, key)])
      expect(await errorOf(change)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await adjust(id, 2, key, admin)).toMatchObject({ stock: 8 });
    expect(await underTest.stockOf(other)).toBe(5);
  });

  test('is forgotten after a day', async () => {
    const id = await create(5);
    const key = randomUUID();
    await adjust(id, 1, key);
    await service.database.query(`update stock_adjustments set created_at = now() - interval '25 hours'`);
    await service.startInstance(productService);
    await eventually(async () => expect(await adjust(id, 1, key)).toMatchObject({ stock: 7 }));
  });
});

describe('an update with the expected stock', () => {
  test('changes nothing if an order has taken some of it', async () => {
    const id = await create(5);
    await underTest.reserve([id, 4]);
    const [before] = await client.getMany({ ids: [id] });
    const save = (expectedStock: number) =>
      client.update({ caller: seller, id, changes: { stock: 5, price: 1, expectedStock } });
    expect(await errorOf(save(5))).toMatchObject({
      code: 'STOCK_CHANGED',
      message: 'The stock of "Gold ring" is 1 now, not 5',
      details: { stock: 1 },
    });
    expect(await client.getMany({ ids: [id] })).toEqual([before]);
    expect(await save(1)).toMatchObject({ stock: 5, price: 1 });
  });

  test('of several concurrent ones, one succeeds', async () => {
    const id = await create(5);
    const save = (stock: number) => client.update({ caller: seller, id, changes: { stock, expectedStock: 5 } });
    const errors = await Promise.all(Array.from({ length: 5 }, (_, i) => errorOf(save(10 + i))));
    expect(errors.filter((error) => error?.code === 'STOCK_CHANGED')).toHaveLength(4);
  });
});

test('an update to the same values changes and publishes nothing', async () => {
  const { id } = await underTest.create({ name: 'Tea', price: 10, description: 'Green', stock: 5 });
  const [before] = await client.getMany({ ids: [id] });
  const same = [{}, { name: 'Tea', price: 10, description: 'Green', stock: 5 }, { stock: 5, expectedStock: 5 }];
  for (const changes of same)
    expect(await client.update({ caller: seller, id, changes })).toEqual({ ...before, changed: false });
  expect(await client.getMany({ ids: [id] })).toEqual([before]);
  const { version } = (
    await service.database.query<{ version: number }>('select version from products where id = $1', [id])
  )[0]!;
  expect(version).toBe(1);
  await client.update({ caller: seller, id, changes: { price: 11 } });
  await service.settled();
  await eventually(() =>
    expect(service.publishedOf(products.events.updated).filter(({ productId }) => productId === id)).toEqual([
      { productId: id, version: 2 },
    ]),
  );
});
