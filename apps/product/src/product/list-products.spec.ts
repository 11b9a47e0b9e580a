import {
  type AppError,
  orders,
  ProductSort,
  products,
  Role,
  type ProductClient,
  type ProductDto,
} from '@app/contracts';
import { eventually, ServiceUnderTest } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { productService } from '../product.module.js';

const seller = { userId: randomUUID(), role: Role.CUSTOMER };
const other = { userId: randomUUID(), role: Role.CUSTOMER };
const SORTS = Object.values(ProductSort);

let service: ServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  service = await ServiceUnderTest.start(productService);
  client = service.client(products);
});
afterAll(() => service.close());

const create = (given: Partial<ProductDto> = {}, caller = seller) =>
  client.create({ caller, product: { name: 'Tea', price: 10, description: '', stock: 5, ...given } });

/** All pages, one after the other; `meanwhile` happens between two. */
async function allPages(
  args: Partial<Parameters<ProductClient['page']>[0]>,
  meanwhile?: (page: ProductDto[]) => Promise<unknown>,
): Promise<ProductDto[]> {
  const seen: ProductDto[] = [];
  for (let after: string | null = null; ;) {
    const { edges, pageInfo } = await client.page({ sort: ProductSort.NEWEST, first: 20, ...args, after });
    expect(pageInfo).toEqual({
      hasNextPage: expect.any(Boolean),
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    });
    const page = edges.map(({ node }) => node);
    seen.push(...page);
    if (!pageInfo.hasNextPage) return seen;
    expect(pageInfo.endCursor).not.toBe(after);
    after = pageInfo.endCursor;
    await meanwhile?.(page);
  }
}

const names = (list: ProductDto[]) => list.map(({ name }) => name);

const compare = (a: string | number, b: string | number) => (a < b ? -1 : Number(a > b));
/** Text by code point: by its bytes, that is. */
const compareText = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byId = (a: ProductDto, b: ProductDto) => compare(a.id, b.id);
const byPrice = (a: ProductDto, b: ProductDto) => compare(a.price, b.price) || byId(a, b);
const ORDER: Record<ProductSort, (a: ProductDto, b: ProductDto) => number> = {
  NEWEST: (a, b) => byId(b, a),
  PRICE_ASC: byPrice,
  PRICE_DESC: (a, b) => byPrice(b, a),
  NAME: (a, b) => compareText(a.name.toLowerCase(), b.name.toLowerCase()) || byId(a, b),
};

describe('pages of products', () => {
  let all: ProductDto[];
  beforeAll(async () => {
    const longest = ['\n', '"', 'ÿ', '\u{1F375}'].map((character) => character.repeat(200));
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
      ' ',
      ...longest,
    ];
    all = [];
    // Several of each name and of each price, so that page after page ends among equals.
    for (let i = 0; i < 3 * some.length; i++)
      all.push(await create({ name: some[i % some.length], price: [0, 0.01, 9.99, 10_000_000][i % 4] }));
    const deleted = await create();
    await client.delete({ caller: seller, id: deleted.id });
  });

  test.each(SORTS.flatMap((sort) => [1, 4, 7, 100].map((first) => [sort, first] as const)))(
    'by %s, %i at a time, are all products in order',
    async (sort, first) => {
      expect(await allPages({ sort, first })).toEqual(all.toSorted(ORDER[sort]));
    },
  );

  test.each(SORTS)('by %s have each product once while others come and go', async (sort) => {
    let gone: ProductDto | undefined;
    const comeAndGo = async (page: ProductDto[]) => {
      if (gone) await client.delete({ caller: seller, id: gone.id });
      // The one that the next page begins after goes, and one that is just like it comes.
      const { name, price } = page.at(-1)!;
      gone = await create({ name, price });
    };
    const seen = await allPages({ sort, first: 5 }, comeAndGo);
    if (gone) await client.delete({ caller: seller, id: gone.id });
    const ids = seen.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(all.map(({ id }) => id)));
    expect(seen).toEqual(seen.toSorted(ORDER[sort]));
  });

  test.each(SORTS)('by %s go on where a product was that has been deleted', async (sort) => {
    const last = await create({ name: 'Tea', price: 0.01 });
    const expected = [...all, last].toSorted(ORDER[sort]);
    const place = expected.findIndex(({ id }) => id === last.id) + 1;
    const { pageInfo } = await client.page({ sort, first: place });
    await client.delete({ caller: seller, id: last.id });
    const next = await client.page({ sort, first: 1, after: pageInfo.endCursor });
    expect(next.edges.map(({ node }) => node)).toEqual(expected.slice(place, place + 1));
  });

  const cursor = (...key: unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');
  const id = randomUUID();
  const HOSTILE: [what: string, sort: ProductSort, after: string][] = [
    ['no base64', ProductSort.NEWEST, '!!!'],
    ['no JSON', ProductSort.NEWEST, Buffer.from('{').toString('base64url')],
    ['no list', ProductSort.NEWEST, Buffer.from('{"length":2}').toString('base64url')],
    ['an empty list', ProductSort.NEWEST, cursor()],
    ['null', ProductSort.NEWEST, Buffer.from('null').toString('base64url')],
    ['of no sort', ProductSort.NEWEST, cursor(id)],
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
    ['longer than any', ProductSort.NAME, cursor('NAME', 'a'.repeat(5_000), id)],
    ['empty', ProductSort.NEWEST, ''],
  ];
  test.each(HOSTILE)('refuse a cursor that is %s', async (_, sort, after) => {
    const error = await client.page({ sort, first: 1, after }).catch((refused: AppError) => refused);
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', details: { fields: { after: expect.any(Array) } } });
  });

  test('take any name in a cursor', async () => {
    for (const name of ['\ud800', "' or true --", '%', '\\'])
      expect(await client.page({ sort: ProductSort.NAME, first: 1, after: cursor('NAME', name, id) })).toBeDefined();
  });
});

describe('a filter', () => {
  const [mug, pot, cup] = ['mug', 'pot', 'cup'].map((name) => `${name} ${randomUUID()}`);
  const bySeller = { userId: randomUUID(), role: Role.CUSTOMER };
  beforeAll(async () => {
    await create({ name: mug, price: 4.99, stock: 0, description: `filtered ${bySeller.userId}` }, bySeller);
    await create({ name: pot, price: 5, stock: 1, description: `filtered ${bySeller.userId}` }, bySeller);
    await create({ name: cup, price: 5.01, stock: 9, description: `filtered ${bySeller.userId}` }, other);
  });
  const search = bySeller.userId;

  test.each([
    ['of nothing', {}, [mug, pot, cup]],
    ['of nulls', { minPrice: null, maxPrice: null, inStock: null, sellerId: null }, [mug, pot, cup]],
    ['of a lowest price', { minPrice: 5 }, [pot, cup]],
    ['of a highest price', { maxPrice: 5 }, [mug, pot]],
    ['of one price', { minPrice: 5, maxPrice: 5 }, [pot]],
    ['of prices that cannot be', { minPrice: 6, maxPrice: 5 }, []],
    ['of what is in stock', { inStock: true }, [pot, cup]],
    ['of what is not in stock', { inStock: false }, [mug]],
    ['of a seller', { sellerId: bySeller.userId }, [mug, pot]],
    ['of a seller, spelled otherwise', { sellerId: bySeller.userId.toUpperCase() }, [mug, pot]],
    ['of a seller who sells nothing', { sellerId: randomUUID() }, []],
    ['of several things', { sellerId: bySeller.userId, inStock: true, maxPrice: 5 }, [pot]],
  ])('%s leaves what it says, in every sort, and counts it', async (_, filter, left) => {
    for (const sort of SORTS) {
      const listed = await allPages({ sort, first: 1, filter: { ...filter, search } });
      expect(listed).toEqual(listed.toSorted(ORDER[sort]));
      expect(names(listed).sort()).toEqual(left.toSorted());
    }
    expect(await client.count({ ...filter, search })).toBe(left.length);
  });

  test('follows the stock', async () => {
    const { id, name } = await create({ stock: 2 }, bySeller);
    const inStock = async () => names(await allPages({ filter: { sellerId: bySeller.userId, inStock: true } }));
    expect(await inStock()).toContain(name);
    const line = { productId: id, quantity: 2 };
    await service.publish(orders.events.placed, {
      orderId: randomUUID(),
      userId: randomUUID(),
      version: 1,
      lines: [line],
    });
    await eventually(async () => expect(await inStock()).not.toContain(name));
  });
});

describe('a search', () => {
  const bySeller = { userId: randomUUID(), role: Role.CUSTOMER };
  const found = async (search: string) => {
    const filter = { search, sellerId: bySeller.userId };
    const list = await allPages({ filter });
    expect(await client.count(filter)).toBe(list.length);
    return names(list).sort();
  };
  beforeAll(async () => {
    await create({ name: 'Green Tea', description: 'From Assam, 1.7 kg' }, bySeller);
    await create({ name: 'Mug', description: 'For tea; red/blue, see mugs.example.com/green' }, bySeller);
    await create({ name: 'ÉCLAIR', description: "the baker's <best>" }, bySeller);
  });

  test.each([
    ['a word of the name', 'Green', ['Green Tea', 'Mug']],
    ['a word of the description', 'assam', ['Green Tea']],
    ['all of its words, wherever', 'tea green', ['Green Tea', 'Mug']],
    ['a phrase', '"green tea"', ['Green Tea']],
    ['one word or another', 'assam or baker', ['Green Tea', 'ÉCLAIR']],
    ['what lacks a word', '-tea', ['ÉCLAIR']],
    ['a word in any case, accents too', 'éclair', ['ÉCLAIR']],
    ['a word beside a slash', 'blue', ['Mug']],
    ['a word of a host', 'example', ['Mug']],
    ['a number with a point', '1.7', ['Green Tea']],
    ['a word in brackets', 'best', ['ÉCLAIR']],
    ['no part of a word', 'gree', []],
    ['nothing that is not there', 'coffee', []],
  ])('finds %s', async (_, search, expected) => {
    expect(await found(search)).toEqual(expected);
  });

  test.each(['', ' ', '!!!', '"', '- -', '\\', "'", '(((', '%', '\u00A0', '\u{1F375}'])(
    'for %j, which has no word, finds everything',
    async (search) => {
      expect(await found(search)).toEqual(['Green Tea', 'Mug', 'ÉCLAIR']);
    },
  );

  test.each([
    `'; drop table products; --`,
    'tea:* & !(green',
    'a <-> b <2> c',
    '-'.repeat(199) + 'a',
    '-!'.repeat(99) + 'a',
    '- '.repeat(99) + '"a',
    '"'.repeat(200),
    'or or or or',
    '?????',
    '$1 ?? :name',
    '\u{10FFFF}\u200B\n\uFEFF',
    'é'.repeat(200),
    'a -"b c" or "d',
  ])('for %j harms nothing', async (search) => {
    expect(await found(search)).toBeInstanceOf(Array);
  });

  test('for text that PostgreSQL cannot hold, or with control characters, is refused', async () => {
    for (const search of ['a\0b', 'a\u0001b', '\ud800', 'a'.repeat(201)])
      await expect(client.page({ sort: ProductSort.NEWEST, first: 1, filter: { search } })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { fields: { 'filter.search': expect.any(Array) } },
      });
  });
});

test('an order that leaves some of the stock writes to no index', async () => {
  const shop = await ServiceUnderTest.start(productService);
  try {
    const client = shop.client(products);
    const product = { name: 'Tea', price: 10, description: '', stock: 100 };
    const { id } = await client.create({ caller: seller, product });
    for (let i = 0; i < 30; i++)
      await shop.publish(orders.events.placed, {
        orderId: randomUUID(),
        userId: randomUUID(),
        version: 1,
        lines: [{ productId: id, quantity: 1 }],
      });
    await shop.settled();
    // An update that PostgreSQL calls HOT; one or the other is none, when the page is full at that moment.
    const updates = `select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'products'`;
    await eventually(async () => {
      // A connection's counts are added when it is used again, or after 10 seconds.
      await Promise.all(Array.from({ length: 20 }, () => client.list({})));
      const [counts] = await shop.database.query<{ all: number; hot: number }>(updates);
      expect(counts).toEqual({ all: 30, hot: expect.any(Number) });
      expect(counts?.hot).toBeGreaterThan(20);
    });
  } finally {
    await shop.close();
  }
});
