import { ProductSort, Role, type ProductClient } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { allPages, names, ORDER, SORTS } from '../../test/product-pages.js';
import { ProductServiceUnderTest } from '../../test/product-service-under-test.js';

let underTest: ProductServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
  ({ client } = underTest);
});
afterAll(() => underTest.close());

describe('a filter', () => {
  const [mug, pot, cup] = ['mug', 'pot', 'cup'].map((name) => `${name} ${randomUUID()}`);
  const otherSeller = { userId: randomUUID(), role: Role.CUSTOMER };
  const oneSeller = { userId: randomUUID(), role: Role.CUSTOMER };
  beforeAll(async () => {
    await underTest.create(
      { name: mug, price: 4.99, stock: 0, description: `filtered ${oneSeller.userId}` },
      oneSeller,
    );
    await underTest.create({ name: pot, price: 5, stock: 1, description: `filtered ${oneSeller.userId}` }, oneSeller);
    await underTest.create(
      { name: cup, price: 5.01, stock: 9, description: `filtered ${oneSeller.userId}` },
      otherSeller,
    );
  });
  const search = oneSeller.userId;

  test.each([
    ['without conditions', {}, [mug, pot, cup]],
    ['by nulls', { minPrice: null, maxPrice: null, inStock: null, sellerId: null }, [mug, pot, cup]],
    ['by minimum price', { minPrice: 5 }, [pot, cup]],
    ['by maximum price', { maxPrice: 5 }, [mug, pot]],
    ['by one price', { minPrice: 5, maxPrice: 5 }, [pot]],
    ['by an impossible price range', { minPrice: 6, maxPrice: 5 }, []],
    ['by products in stock', { inStock: true }, [pot, cup]],
    ['by products out of stock', { inStock: false }, [mug]],
    ['by seller', { sellerId: oneSeller.userId }, [mug, pot]],
    ['by a seller id in uppercase', { sellerId: oneSeller.userId.toUpperCase() }, [mug, pot]],
    ['by a seller without products', { sellerId: randomUUID() }, []],
    ['by several conditions', { sellerId: oneSeller.userId, inStock: true, maxPrice: 5 }, [pot]],
  ])('%s selects its products in every sort, and counts them', async (_, filter, expected) => {
    for (const sort of SORTS) {
      const listed = await allPages(client, { sort, first: 1, filter: { ...filter, search } });
      expect(listed).toEqual(listed.toSorted(ORDER[sort]));
      expect(names(listed).sort()).toEqual(expected.toSorted());
    }
    expect(await client.count({ ...filter, search })).toBe(expected.length);
  });

  test('by stock sees an order', async () => {
    const { id, name } = await underTest.create({ stock: 2 }, oneSeller);
    const inStock = async () =>
      names(await allPages(client, { filter: { sellerId: oneSeller.userId, inStock: true } }));
    expect(await inStock()).toContain(name);
    await underTest.place(randomUUID(), [[id, 2]]);
    await eventually(async () => expect(await inStock()).not.toContain(name));
  });
});

describe('a search', () => {
  const oneSeller = { userId: randomUUID(), role: Role.CUSTOMER };
  const found = async (search: string) => {
    const filter = { search, sellerId: oneSeller.userId };
    const list = await allPages(client, { filter });
    expect(await client.count(filter)).toBe(list.length);
    return names(list).sort();
  };
  beforeAll(async () => {
    await underTest.create({ name: 'Green Tea', description: 'From Assam, 1.7 kg' }, oneSeller);
    await underTest.create({ name: 'Mug', description: 'For tea; red/blue, see mugs.example.com/green' }, oneSeller);
    await underTest.create({ name: 'ÉCLAIR', description: "the baker's <best>" }, oneSeller);
  });

  test.each([
    ['a word of the name', 'Green', ['Green Tea', 'Mug']],
    ['a word of the description', 'assam', ['Green Tea']],
    ['all of its words, in any field', 'tea green', ['Green Tea', 'Mug']],
    ['a phrase', '"green tea"', ['Green Tea']],
    ['one word or another', 'assam or baker', ['Green Tea', 'ÉCLAIR']],
    ['products without a word', '-tea', ['ÉCLAIR']],
    ['a word in any case, with accents', 'éclair', ['ÉCLAIR']],
    ['a word next to a slash', 'blue', ['Mug']],
    ['a word of a host name', 'example', ['Mug']],
    ['a number with a point', '1.7', ['Green Tea']],
    ['a word in brackets', 'best', ['ÉCLAIR']],
    ['no parts of words', 'gree', []],
    ['nothing for an unknown word', 'coffee', []],
  ])('finds %s', async (_, search, expected) => {
    expect(await found(search)).toEqual(expected);
  });

  test.each(['', ' ', '!!!', '"', '- -', '\\', "'", '(((', '%', '\u00A0', '\u{1F375}'])(
    'for %j, without a word, finds everything',
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
  ])('for %j does not fail', async (search) => {
    expect(await found(search)).toBeInstanceOf(Array);
  });

  test('with control characters, or with text that PostgreSQL cannot store, is rejected', async () => {
    for (const search of ['a\0b', 'a\u0001b', '\ud800', 'a'.repeat(201)])
      await expect(client.page({ sort: ProductSort.NEWEST, first: 1, filter: { search } })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { fields: { 'filter.search': expect.any(Array) } },
      });
  });
});
