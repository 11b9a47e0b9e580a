import { MAX_TOTAL, ProductSort, type ProductClient, type ProductDto } from '@app/contracts';
import { loadConfig } from '@app/platform';
import { errorOf } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { allPages, ORDER, SORTS } from '../../test/product-pages.js';
import { ProductServiceUnderTest, seller } from '../../test/product-service-under-test.js';
import { ProductConfig } from '../config.js';

describe('prices up to MAX_PRICE', () => {
  const PRICES = [45_000_000, 21_474_836.47, 21_474_836.48, MAX_TOTAL, MAX_TOTAL - 0.01, 45_000_000, 0.29];
  let underTest: ProductServiceUnderTest;
  let client: ProductClient;
  let all: ProductDto[];
  beforeAll(async () => {
    underTest = await ProductServiceUnderTest.start(MAX_TOTAL);
    ({ client } = underTest);
    all = [];
    for (const price of PRICES) all.push(await underTest.create({ price }));
  });
  afterAll(() => underTest.close());

  test('are exact', async () => {
    expect(all.map(({ price }) => price)).toEqual(PRICES);
    const ids = all.map(({ id }) => id);
    expect(await client.getMany({ ids })).toEqual(expect.arrayContaining(all));
    expect((await client.quote({ ids })).map(({ id, price }) => [id, price]).toSorted()).toEqual(
      all.map(({ id, price }) => [id, price]).toSorted(),
    );
  });

  test.each(SORTS)('are in order by %s, in pages of two and from their cursors', async (sort) => {
    expect(await allPages(client, { sort, first: 2 })).toEqual(all.toSorted(ORDER[sort]));
  });

  test('are found by their amount', async () => {
    const pricesIn = async (minPrice: number, maxPrice: number) =>
      (await allPages(client, { sort: ProductSort.PRICE_ASC, filter: { minPrice, maxPrice } })).map(
        ({ price }) => price,
      );
    expect(await pricesIn(21_474_836.48, 45_000_000)).toEqual([21_474_836.48, 45_000_000, 45_000_000]);
    expect(await pricesIn(MAX_TOTAL - 0.01, MAX_TOTAL)).toEqual([MAX_TOTAL - 0.01, MAX_TOTAL]);
  });

  test('are in the form of cursors that the previous release has sent', async () => {
    const cursor = Buffer.from(JSON.stringify(['PRICE_ASC', 29, all.at(-1)!.id])).toString('base64url');
    const { edges } = await client.page({ sort: ProductSort.PRICE_ASC, first: 1, after: cursor });
    expect(edges[0]?.node.price).toBe(21_474_836.47);
  });

  test('change', async () => {
    const { id } = await underTest.create({ price: 45_000_000, name: randomUUID() });
    const update = (price: number) => client.update({ caller: seller, id, changes: { price } });
    expect(await update(45_000_000)).toMatchObject({ price: 45_000_000, changed: false });
    expect(await update(45_000_000.01)).toMatchObject({ price: 45_000_000.01, changed: true });
    expect(await update(0.01)).toMatchObject({ price: 0.01, changed: true });
    await client.delete({ caller: seller, id });
  });
});

describe('a price above MAX_PRICE', () => {
  let underTest: ProductServiceUnderTest;
  beforeAll(async () => {
    underTest = await ProductServiceUnderTest.start();
  });
  afterAll(() => underTest.close());

  const tooHigh = (actual: number) => ({
    code: 'BAD_USER_INPUT',
    message: 'price must not be greater than 10000000',
    details: { fields: { price: ['price must not be greater than 10000000'] }, limit: 10_000_000, actual },
  });

  test.each([10_000_000.01, 45_000_000, MAX_TOTAL + 1, 1e300])('is rejected with the limit: %d', async (price) => {
    expect(await errorOf(underTest.create({ price }))).toMatchObject(tooHigh(price));
    const { id } = await underTest.create({ price: 10_000_000 });
    const update = underTest.client.update({ caller: seller, id, changes: { price, name: 'Changed' } });
    expect(await errorOf(update)).toMatchObject(tooHigh(price));
    expect(await underTest.client.getMany({ ids: [id] })).toMatchObject([{ price: 10_000_000, name: 'Tea' }]);
  });

  test('stays when the limit is lowered, and the product can be saved', async () => {
    const { service, client } = underTest;
    const { id } = await underTest.create({ price: 10_000_000 });
    await service.database.query('update products set unit_price_cents = 4500000000 where id = $1', [id]);
    const save = (price: number) => client.update({ caller: seller, id, changes: { price, name: 'Saved' } });
    expect(await save(45_000_000)).toMatchObject({ price: 45_000_000, name: 'Saved' });
    expect(await errorOf(save(44_999_999))).toMatchObject(tooHigh(44_999_999));
  });
});

test.each(['0', '-1', '1.5', 'many', String(MAX_TOTAL + 1)])('MAX_PRICE cannot be %s', (MAX_PRICE) => {
  expect(() => loadConfig(ProductConfig, { MAX_PRICE })).toThrow('MAX_PRICE must');
});
