import { CancelReason } from '@app/contracts';
import { describe, expect, test } from '@jest/globals';
import { whyNotReserved } from './reserve-stock.js';

const tea = { id: 'tea', stock: 5, available: true };
const cup = { id: 'cup', stock: 1, available: true };
const deleted = { id: 'deleted', stock: 9, available: false };
const line = (productId: string, quantity: number) => ({ productId, quantity });

describe('an order gets all of its lines or none', () => {
  test.each([
    ['all is there', [line('tea', 5), line('cup', 1)], undefined],
    ['one of two is short', [line('tea', 5), line('cup', 2)], CancelReason.OUT_OF_STOCK],
    [
      'a product is deleted, however much is left',
      [line('tea', 1), line('deleted', 1)],
      CancelReason.PRODUCT_UNAVAILABLE,
    ],
    ['a product never was', [line('nothing', 1)], CancelReason.PRODUCT_UNAVAILABLE],
  ])('%s', (_, lines, reason) => {
    expect(whyNotReserved(lines, [tea, cup, deleted])).toBe(reason);
  });
});
