import { CancelReason } from '@app/contracts';
import { describe, expect, test } from '@jest/globals';
import { rejectionReason } from './reserve-stock.js';

const tea = { id: 'tea', stock: 5, available: true };
const cup = { id: 'cup', stock: 1, available: true };
const deleted = { id: 'deleted', stock: 9, available: false };
const line = (productId: string, quantity: number) => ({ productId, quantity });

describe('an order gets all of its lines or none', () => {
  test.each([
    ['all lines are in stock', [line('tea', 5), line('cup', 1)], undefined],
    ['one of two lines is short', [line('tea', 5), line('cup', 2)], CancelReason.OUT_OF_STOCK],
    ['a product is deleted', [line('tea', 1), line('deleted', 1)], CancelReason.PRODUCT_UNAVAILABLE],
    ['a product does not exist', [line('nothing', 1)], CancelReason.PRODUCT_UNAVAILABLE],
  ])('%s', (_, lines, reason) => {
    expect(rejectionReason(lines, [tea, cup, deleted])).toBe(reason);
  });
});
