import { describe, expect, test } from '@jest/globals';
import { priceOrder } from './price-order.js';

const quotes = [
  { id: 'tea', price: 0.1, stock: 10 },
  { id: 'cup', price: 19.99, stock: 2 },
];

describe('priceOrder', () => {
  test('adds up whole cents, where floats would not', () => {
    const { lines, totalCents } = priceOrder(
      [
        { productId: 'tea', quantity: 3 },
        { productId: 'cup', quantity: 2 },
      ],
      quotes,
    );
    expect(totalCents).toBe(4028);
    expect(lines).toEqual([
      { productId: 'tea', quantity: 3, priceCents: 10 },
      { productId: 'cup', quantity: 2, priceCents: 1999 },
    ]);
  });

  test('names every product that there is not', () => {
    const items = ['no', 'tea', 'neither'].map((productId) => ({ productId, quantity: 1 }));
    expect(() => priceOrder(items, quotes)).toThrow(
      expect.objectContaining({ code: 'PRODUCT_NOT_FOUND', details: { productIds: ['no', 'neither'] } }),
    );
  });

  test('tells what is left of what is short', () => {
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
