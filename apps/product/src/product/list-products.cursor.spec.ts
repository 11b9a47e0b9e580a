import { ProductSort, type ProductClient } from '@app/contracts';
import { errorOf } from '@app/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProductServiceUnderTest } from '../../test/product-service-under-test.js';

let underTest: ProductServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
  ({ client } = underTest);
});
afterAll(() => underTest.close());

const cursor = (...key: unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');
const id = randomUUID();
const HOSTILE: [what: string, sort: ProductSort, after: string][] = [
  ['not base64', ProductSort.NEWEST, '!!!'],
  ['not JSON', ProductSort.NEWEST, Buffer.from('{').toString('base64url')],
  ['not a list', ProductSort.NEWEST, Buffer.from('{"length":2}').toString('base64url')],
  ['an empty list', ProductSort.NEWEST, cursor()],
  ['null', ProductSort.NEWEST, Buffer.from('null').toString('base64url')],
  ['without a sort', ProductSort.NEWEST, cursor(id)],
  ['of another sort with the same key', ProductSort.PRICE_ASC, cursor('PRICE_DESC', 100, id)],
  ['of another sort', ProductSort.NAME, cursor('NEWEST', id)],
  ['too short', ProductSort.PRICE_ASC, cursor('PRICE_ASC', 100)],
  ['too long', ProductSort.NEWEST, cursor('NEWEST', id, id)],
  ['without an id', ProductSort.NEWEST, cursor('NEWEST', 'x')],
  ['with an id that is a number', ProductSort.NEWEST, cursor('NEWEST', 5)],
  ['with SQL for an id', ProductSort.NEWEST, cursor('NEWEST', `${id}' or true --`)],
  ['with a price that is text', ProductSort.PRICE_ASC, cursor('PRICE_ASC', '100', id)],
  ['with a price of a fraction', ProductSort.PRICE_ASC, cursor('PRICE_ASC', 0.5, id)],
  ['with a price of 1e300', ProductSort.PRICE_DESC, cursor('PRICE_DESC', 1e300, id)],
  ['with a price of -1e300', ProductSort.PRICE_DESC, cursor('PRICE_DESC', -1e300, id)],
  ['with a price that is null', ProductSort.PRICE_ASC, cursor('PRICE_ASC', null, id)],
  ['with a name that is a number', ProductSort.NAME, cursor('NAME', 5, id)],
  ['with a name that is a list', ProductSort.NAME, cursor('NAME', ['a'], id)],
  ['with a null character in the name', ProductSort.NAME, cursor('NAME', 'a\0b', id)],
  ['too long for any key', ProductSort.NAME, cursor('NAME', 'a'.repeat(5_000), id)],
  ['empty', ProductSort.NEWEST, ''],
];
test.each(HOSTILE)('pages reject a cursor that is %s', async (_, sort, after) => {
  const error = await errorOf(client.page({ sort, first: 1, after }));
  expect(error).toMatchObject({ code: 'BAD_USER_INPUT', details: { fields: { after: expect.any(Array) } } });
});

test('pages accept any name in a cursor', async () => {
  for (const name of ['\ud800', "' or true --", '%', '\\'])
    expect(await client.page({ sort: ProductSort.NAME, first: 1, after: cursor('NAME', name, id) })).toBeDefined();
});
