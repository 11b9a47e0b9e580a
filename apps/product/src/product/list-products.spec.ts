import { ProductSort, type Page, type PageArgs, type ProductClient, type ProductDto } from '@app/contracts';
import { errorOf } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { allPages, ORDER, SORTS } from '../../test/product-pages.js';
import { ProductServiceUnderTest, seller } from '../../test/product-service-under-test.js';

let underTest: ProductServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
  ({ client } = underTest);
});
afterAll(() => underTest.close());

describe('pages of products', () => {
  let all: ProductDto[];
  beforeAll(async () => {
    const longest = ['\n', '"', 'ÿ', '\u{1F375}'].map((character) => `${character.repeat(199)}.`);
    const some = [
      'Tea',
      'tea',
      'TEA',
      'tea cup',
      'Éclair',
      'éclair',
      'Zebra',
      '\uFF34ea',
      '\u{1F375}',
      ' tea',
      ...longest,
    ];
    all = [];
    // Several products of each name and price, so that pages end between equal ones.
    for (let i = 0; i < 3 * some.length; i++)
      all.push(await underTest.create({ name: some[i % some.length], price: [0, 0.01, 9.99, 10_000_000][i % 4] }));
    const deleted = await underTest.create();
    await client.delete({ caller: seller, id: deleted.id });
  });

  test.each(SORTS.flatMap((sort) => [1, 4, 7, 100].map((first) => [sort, first] as const)))(
    'by %s, %i at a time, contain all products in order',
    async (sort, first) => {
      expect(await allPages(client, { sort, first })).toEqual(all.toSorted(ORDER[sort]));
    },
  );

  test.each(SORTS)('by %s contain each product once while others are created and deleted', async (sort) => {
    let temporary: ProductDto | undefined;
    const replaceOne = async (page: ProductDto[]) => {
      if (temporary) await client.delete({ caller: seller, id: temporary.id });
      // Deletes the product that the next page begins after, and creates one with the same name and price.
      const { name, price } = page.at(-1)!;
      temporary = await underTest.create({ name, price });
    };
    const seen = await allPages(client, { sort, first: 5 }, replaceOne);
    if (temporary) await client.delete({ caller: seller, id: temporary.id });
    const ids = seen.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(all.map(({ id }) => id)));
    expect(seen).toEqual(seen.toSorted(ORDER[sort]));
  });

  test.each(SORTS.flatMap((sort) => [1, 7, 100].map((last) => [sort, last] as const)))(
    'by %s, %i at a time from the end, contain all products in order',
    async (sort, last) => {
      const expected = all.toSorted(ORDER[sort]);
      const seen: ProductDto[] = [];
      let before: string | null = null;
      do {
        const { edges, pageInfo }: Page<ProductDto> = await client.page({ sort, last, before });
        expect(pageInfo.hasNextPage).toBe(before !== null);
        expect(pageInfo.hasPreviousPage).toBe(seen.length + edges.length < all.length);
        seen.unshift(...edges.map(({ node }) => node));
        before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null;
      } while (before !== null);
      expect(seen).toEqual(expected);
    },
  );

  test.each(SORTS)('by %s can begin after one product and end before another', async (sort) => {
    const expected = all.toSorted(ORDER[sort]);
    const { edges } = await client.page({ sort, first: 10 });
    const range = { sort, after: edges[2]!.cursor, before: edges[8]!.cursor };
    const ids = async (args: PageArgs) => (await client.page({ ...range, ...args })).edges.map(({ node }) => node.id);
    const between = expected.slice(3, 8).map(({ id }) => id);
    expect(await ids({})).toEqual(between);
    expect(await ids({ first: 2 })).toEqual(between.slice(0, 2));
    expect(await ids({ last: 2 })).toEqual(between.slice(-2));
  });

  test('can be empty', async () => {
    const cursors = { startCursor: null, endCursor: null };
    expect(await client.page({ sort: ProductSort.NEWEST, first: 0 })).toEqual({
      edges: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, ...cursors },
    });
    expect(await client.page({ sort: ProductSort.NEWEST, last: 0 })).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: true, ...cursors },
    });
  });

  test('are the first page for an empty cursor', async () => {
    const args = { sort: ProductSort.NEWEST, first: 3 };
    expect(await client.page({ ...args, after: '', before: '' })).toEqual(await client.page(args));
  });

  test.each(SORTS)('by %s continue after a product that was deleted', async (sort) => {
    const last = await underTest.create({ name: 'Tea', price: 0.01 });
    const expected = [...all, last].toSorted(ORDER[sort]);
    const place = expected.findIndex(({ id }) => id === last.id) + 1;
    const { pageInfo } = await client.page({ sort, first: place });
    await client.delete({ caller: seller, id: last.id });
    const next = await client.page({ sort, first: 1, after: pageInfo.endCursor });
    expect(next.edges.map(({ node }) => node)).toEqual(expected.slice(place, place + 1));
  });
});

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
];
test.each(HOSTILE)('pages reject a cursor that is %s', async (_, sort, after) => {
  const error = await errorOf(client.page({ sort, first: 1, after }));
  expect(error).toMatchObject({ code: 'BAD_USER_INPUT', details: { fields: { after: expect.any(Array) } } });
});

test('pages accept any name in a cursor', async () => {
  for (const name of ['\ud800', "' or true --", '%', '\\'])
    expect(await client.page({ sort: ProductSort.NAME, first: 1, after: cursor('NAME', name, id) })).toBeDefined();
});
