import { CancelReason, OrderStatus } from '@app/contracts';
import { describe, expect, test } from '@jest/globals';
import { Order } from './order.entity.js';

const { PENDING, PROCESSING, SHIPPED, DELIVERED, CANCELLED } = OrderStatus;
const allowed = new Set([
  'PENDING→PROCESSING',
  'PROCESSING→SHIPPED',
  'SHIPPED→DELIVERED',
  'PENDING→CANCELLED',
  'PROCESSING→CANCELLED',
]);
const all = [PENDING, PROCESSING, SHIPPED, DELIVERED, CANCELLED];

const orderThatIs = (status: OrderStatus) => Object.assign(new Order(), { status, cancelReason: null, version: 1 });

describe('an order goes only from', () => {
  test.each(all.flatMap((from) => all.map((to) => [from, to] as const)))(
    '%s to %s where that is allowed',
    (from, to) => {
      expect(orderThatIs(from).mayBecome(to)).toBe(allowed.has(`${from}→${to}`));
    },
  );
});

test('a transition counts as a change', () => {
  const order = orderThatIs(PENDING);
  order.process();
  order.cancel(CancelReason.BY_CUSTOMER);
  expect(order).toMatchObject({ status: CANCELLED, cancelReason: CancelReason.BY_CUSTOMER, version: 3 });
});

test('a transition that is not allowed changes nothing and says from where it was tried', () => {
  const order = orderThatIs(SHIPPED);
  expect(() => order.cancel(CancelReason.BY_CUSTOMER)).toThrow(
    expect.objectContaining({ code: 'ORDER_STATUS_CONFLICT', details: { status: SHIPPED } }),
  );
  expect(order).toMatchObject({ status: SHIPPED, cancelReason: null, version: 1 });
});
