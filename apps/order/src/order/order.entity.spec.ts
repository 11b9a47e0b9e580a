import { CancelReason, OrderStatus } from '@app/contracts';
import { describe, expect, test } from '@jest/globals';
import { FOLLOWS, Order } from './order.entity.js';

const { PENDING, PROCESSING, SHIPPED, DELIVERED, CANCELLED } = OrderStatus;
const all = [PENDING, PROCESSING, SHIPPED, DELIVERED, CANCELLED];
const nowhere = { shippingAddress: '', pincode: '1', city: 'Town', country: 'NL', phoneNumber: '1' };
const home = { ...nowhere, shippingAddress: '1 Main St' };

const orderThatIs = (status: OrderStatus, shipping = home) =>
  Object.assign(new Order(), { status, shipping, cancelReason: null, version: 1 });

/** Every transition from one status to another that `take` accepts. */
const acceptedSteps = (take: (order: Order, to: OrderStatus) => void) =>
  all.flatMap((from) =>
    all.flatMap((to) => {
      const order = orderThatIs(from);
      try {
        take(order, to);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ORDER_STATUS_CONFLICT', details: { status: from } });
        expect(order).toMatchObject({ status: from, cancelReason: null, version: 1 });
        return [];
      }
      expect(order).toMatchObject({ status: to, version: 2, updatedAt: expect.any(Date) });
      return [`${from}→${to}`];
    }),
  );

describe('an order changes its status only', () => {
  test('manually from PROCESSING to SHIPPED to DELIVERED', () => {
    expect(acceptedSteps((order, to) => order.advance(to))).toEqual(['PROCESSING→SHIPPED', 'SHIPPED→DELIVERED']);
  });

  test('to CANCELLED before it is shipped', () => {
    expect(
      acceptedSteps((order, to) => {
        if (to === CANCELLED) order.cancel(CancelReason.BY_CUSTOMER);
        else order.advance(CANCELLED);
      }),
    ).toEqual(['PENDING→CANCELLED', 'PROCESSING→CANCELLED']);
  });

  test('to PROCESSING from PENDING', () => {
    expect(FOLLOWS.PROCESSING).toEqual([PENDING]);
  });
});

test('an order without an address cannot be shipped; an illegal transition is reported first', () => {
  for (const shippingAddress of ['', ' \n'])
    expect(() => orderThatIs(PROCESSING, { ...home, shippingAddress }).advance(SHIPPED)).toThrow(
      expect.objectContaining({ code: 'SHIPPING_ADDRESS_MISSING' }),
    );
  expect(() => orderThatIs(PENDING, nowhere).advance(SHIPPED)).toThrow(
    expect.objectContaining({ code: 'ORDER_STATUS_CONFLICT' }),
  );
  const shipped = orderThatIs(SHIPPED, nowhere);
  shipped.advance(DELIVERED);
  expect(shipped.status).toBe(DELIVERED);
});

test('a cancelled order has a reason', () => {
  const order = orderThatIs(PROCESSING);
  order.cancel(CancelReason.BY_ADMIN);
  expect(order.cancelReason).toBe(CancelReason.BY_ADMIN);
});
