import { fromCents, MAX_PRICE, MAX_QUANTITY, MAX_TOTAL, toCents } from '@app/contracts';
import { describe, expect, test } from '@jest/globals';
import { priceOrder } from './price-order.js';

const quotes = [
  { id: 'tea', price: 0.1, stock: 10, name: 'Tea', sellerId: 'seller' },
  // As release 0.2 of the product service replies.
  { id: 'cup', price: 19.99, stock: 2 },
];

describe('priceOrder', () => {
  test('adds up whole cents', () => {
    const { lines, totalCents } = priceOrder(
      [
        { productId: 'tea', quantity: 3 },
        { productId: 'cup', quantity: 2 },
      ],
      quotes,
    );
    expect(totalCents).toBe(4028);
    expect(lines).toEqual([
      { productId: 'tea', quantity: 3, priceCents: 10, productName: 'Tea', sellerId: 'seller' },
      { productId: 'cup', quantity: 2, priceCents: 1999, productName: null, sellerId: null },
    ]);
  });

  test('names every product that does not exist', () => {
    const items = ['no', 'tea', 'neither'].map((productId) => ({ productId, quantity: 1 }));
    expect(() => priceOrder(items, quotes)).toThrow(
      expect.objectContaining({ code: 'PRODUCT_NOT_FOUND', details: { productIds: ['no', 'neither'] } }),
    );
  });

  test('lists the available stock of each shortage', () => {
    const items = [
      { productId: 'tea', quantity: 10 },
      { productId: 'cup', quantity: 3 },
    ];
    expect(() => priceOrder(items, quotes)).toThrow(
      expect.objectContaining({
        code: 'INSUFFICIENT_STOCK',
        details: { shortages: [{ productId: 'cup', requested: 3, available: 2 }] },
      }),
    );
  });
});

describe('a total', () => {
  const dear = (...prices: number[]) => prices.map((price, i) => ({ id: `dear ${i}`, price, stock: MAX_QUANTITY }));
  const totalOf = (quotes: ReturnType<typeof dear>, ...quantities: number[]) =>
    priceOrder(
      quotes.map(({ id }, i) => ({ productId: id, quantity: quantities[i] ?? MAX_QUANTITY })),
      quotes,
    ).totalCents;

  test.each([
    ['one full line', dear(MAX_PRICE), [], 1e15],
    ['the same total of two lines', dear(MAX_PRICE, MAX_PRICE), [999_999, 1], 1e15],
    ['a cent below the maximum', dear(MAX_PRICE, 9_999_999.99), [999_999, 1], 999_999_999_999_999],
  ])('up to the maximum is exact: %s', (_, quotes, quantities, cents) => {
    const totalCents = totalOf(quotes, ...quantities);
    expect(totalCents).toBe(cents);
    expect(toCents(JSON.parse(JSON.stringify(fromCents(totalCents))))).toBe(cents);
    expect(fromCents(totalCents).toFixed(2).replace('.', '')).toBe(String(cents));
  });

  test.each([
    ['a cent too much', dear(MAX_PRICE, 0.01), [MAX_QUANTITY, 1], 10_000_000_000_000.01],
    ['more than 53 bits', dear(...Array.from({ length: 100 }, () => MAX_PRICE)), [], 1e15],
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
