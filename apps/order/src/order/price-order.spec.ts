import { fromCents, MAX_QUANTITY, MAX_TOTAL, toCents } from '@app/contracts';
import { describe, expect, test } from '@jest/globals';
import { priceOrder } from './price-order.js';

const quotes = [
  { id: 'tea', price: 0.1, stock: 10, name: 'Tea', sellerId: 'seller' },
  // As release 0.2 of the product service replies.
  { id: 'cup', price: 19.99, stock: 2 },
];

const three = { productId: 'tea', quantity: 3 };
const two = { productId: 'cup', quantity: 2 };

describe('priceOrder', () => {
  test('adds up whole cents', () => {
    const { lines, totalCents } = priceOrder({ items: [three, two] }, quotes);
    expect(totalCents).toBe(4028);
    expect(lines).toEqual([
      { productId: 'tea', quantity: 3, priceCents: 10, productName: 'Tea', sellerId: 'seller' },
      { productId: 'cup', quantity: 2, priceCents: 1999, productName: null, sellerId: null },
    ]);
  });

  test('names the available stock of each shortage', () => {
    const items = [
      { productId: 'tea', quantity: 11 },
      { productId: 'cup', quantity: 3 },
    ];
    expect(() => priceOrder({ items }, quotes)).toThrow(
      expect.objectContaining({
        code: 'INSUFFICIENT_STOCK',
        message: 'Only 10 of "Tea" are left; Only 2 of product cup are left',
        details: {
          shortages: [
            { productId: 'tea', requested: 11, available: 10 },
            { productId: 'cup', requested: 3, available: 2 },
          ],
        },
      }),
    );
  });

  test('names three products at most', () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ id: `${i}`, price: 1, stock: i % 2, name: 'x'.repeat(200) }));
    const items = many.map(({ id }) => ({ productId: id, quantity: 2, expectedPrice: 2 }));
    expect(() => priceOrder({ items }, many)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^(?=.{1,700}$)"x+" is sold out; Only 1 of .* is left; .* and 97 more$/),
      }),
    );
    const plenty = many.map((quote) => ({ ...quote, stock: 2 }));
    expect(() => priceOrder({ items, expectedTotal: 1 }, plenty)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^(?=.{1,800}$).* and 97 more; The total is 200.00 now, not 1.00$/),
      }),
    );
  });
});

describe('expected amounts', () => {
  const items = (expectedPrice?: number | null) => [{ ...three, expectedPrice }, two];

  test.each([
    ['none', {}],
    ['null', { items: items(null), expectedTotal: null }],
    ['the current ones', { items: items(0.1), expectedTotal: 40.28 }],
    ['a sum of Floats', { expectedTotal: 0.1 + 0.1 + 0.1 + 19.99 + 19.99 }],
  ])('that fit are accepted: %s', (_, expected) => {
    expect(priceOrder({ items: items(), ...expected }, quotes).totalCents).toBe(4028);
  });

  test.each([
    ['a cent less', { expectedTotal: 40.27 }, { prices: [], total: { expected: 40.27, actual: 40.28 } }],
    ['a cent more', { expectedTotal: 40.29 }, { prices: [], total: { expected: 40.29, actual: 40.28 } }],
    ['a free product', { items: items(0) }, { prices: [{ productId: 'tea', expected: 0, actual: 0.1 }] }],
    [
      'a different price, also if the total is the same',
      { items: items(0.11), expectedTotal: 40.28 },
      { prices: [{ productId: 'tea', expected: 0.11, actual: 0.1 }] },
    ],
  ])('that differ are rejected: %s', (_, expected, details) => {
    expect(() => priceOrder({ items: items(), ...expected }, quotes)).toThrow(
      expect.objectContaining({ code: 'PRICE_CHANGED', details }),
    );
  });

  test('that differ are named with the current ones', () => {
    expect(() => priceOrder({ items: items(0.2), expectedTotal: 40.58 }, quotes)).toThrow(
      'The price of "Tea" is 0.10 now, not 0.20; The total is 40.28 now, not 40.58',
    );
  });
});

describe('a total', () => {
  const dear = (...prices: number[]) => prices.map((price, i) => ({ id: `dear ${i}`, price, stock: MAX_QUANTITY }));
  const totalOf = (quotes: ReturnType<typeof dear>, ...quantities: number[]) =>
    priceOrder(
      { items: quotes.map(({ id }, i) => ({ productId: id, quantity: quantities[i] ?? MAX_QUANTITY })) },
      quotes,
    ).totalCents;

  test.each([
    ['one full line', dear(10_000_000), [], 1e15],
    ['the same total of two lines', dear(10_000_000, 10_000_000), [999_999, 1], 1e15],
    ['a cent below the maximum', dear(10_000_000, 9_999_999.99), [999_999, 1], 999_999_999_999_999],
    ['one unit at the largest price of all', dear(MAX_TOTAL), [1], 1e15],
    ['units at prices with cents', dear(4_999_999_999_999.99, 0.01), [2, 1], 999_999_999_999_999],
  ])('up to the maximum is exact: %s', (_, quotes, quantities, cents) => {
    const totalCents = totalOf(quotes, ...quantities);
    expect(totalCents).toBe(cents);
    expect(toCents(JSON.parse(JSON.stringify(fromCents(totalCents))))).toBe(cents);
    expect(fromCents(totalCents).toFixed(2).replace('.', '')).toBe(String(cents));
  });

  test.each([
    ['a cent too much', dear(10_000_000, 0.01), [MAX_QUANTITY, 1], 10_000_000_000_000.01],
    ['more than 53 bits', dear(...Array.from({ length: 100 }, () => 10_000_000)), [], 1e15],
    [
      'a hundred lines of the largest price of all',
      dear(...Array.from({ length: 100 }, () => MAX_TOTAL)),
      [],
      expect.any(Number),
    ],
    ['two units that cost a cent too much', dear(MAX_TOTAL - 0.01, 0.02), [1, 1], 10_000_000_000_000.01],
    [
      'a hundred lines of the largest price with cents',
      dear(...Array.from({ length: 100 }, () => 9_999_999.99)),
      [],
      999_999_999_000_000,
    ],
  ])('above the maximum is rejected with the limit and the total: %s', (_, quotes, quantities, actual) => {
    expect(() => totalOf(quotes, ...quantities)).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        details: { fields: { items: [expect.stringContaining('10000000000000')] }, limit: MAX_TOTAL, actual },
      }),
    );
  });
});
