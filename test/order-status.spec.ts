import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { eventually } from '../libs/testing/src/eventually.js';
import { newAdmin, newCustomer, type Customer, type Order, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';
import { settledOrders } from './stock.js';

let stack: Stack;
let admin: Customer;
let customer: Customer;
let product: Product;
let order: Order;

beforeAll(async () => {
  stack = await startStack();
  admin = await newAdmin(stack);
});
afterAll(() => stack?.stop());

beforeEach(async () => {
  customer = await newCustomer(stack.url);
  product = await customer.createProduct({ stock: 10 });
  await customer.placeOrder({ productId: product.id, quantity: 3 });
  [order] = (await settledOrders([customer])) as [Order];
});

const ADDRESS = { shippingAddress: '1 High Street', city: 'Bengaluru' };
const inState = (status: Order['status'], given: Partial<Order> = {}) =>
  expect.objectContaining({ id: order.id, status, ...given });

test('an admin ships and delivers an order, which is then final', async () => {
  await customer.updateProfile(ADDRESS);
  await eventually(async () => expect(await customer.order(order.id)).toMatchObject(ADDRESS));
  expect(await admin.updateOrderStatus(order.id, 'SHIPPED')).toEqual({
    ...order,
    ...ADDRESS,
    status: 'SHIPPED',
    updatedAt: expect.any(String),
  });
  await expect(customer.cancelOrder(order.id)).rejects.toMatchObject({
    code: 'ORDER_STATUS_CONFLICT',
    details: { status: 'SHIPPED' },
  });
  // The next order has the new address, so the event has been handled, and the shipped order kept its own.
  await customer.updateProfile({ city: 'Mysuru' });
  const next = await customer.placeOrder({ productId: product.id, quantity: 1 });
  await eventually(async () => expect(await customer.order(next.id)).toMatchObject({ city: 'Mysuru' }));
  expect(await customer.order(order.id)).toEqual(inState('SHIPPED', ADDRESS));

  await admin.updateOrderStatus(order.id, 'DELIVERED');
  expect(await customer.order(order.id)).toEqual(inState('DELIVERED', ADDRESS));
  await eventually(async () => expect((await customer.product(product.id))?.stock).toBe(6));
});

test('an order without an address cannot be shipped until its customer sets one', async () => {
  await expect(admin.updateOrderStatus(order.id, 'SHIPPED')).rejects.toMatchObject({
    code: 'SHIPPING_ADDRESS_MISSING',
  });
  await customer.updateProfile(ADDRESS);
  await eventually(async () => expect((await admin.updateOrderStatus(order.id, 'SHIPPED')).status).toBe('SHIPPED'));
});

test('only an admin sets a status, and only the next one', async () => {
  await customer.updateProfile(ADDRESS);
  await expect(customer.updateOrderStatus(order.id, 'SHIPPED')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  for (const status of ['PENDING', 'PROCESSING', 'DELIVERED', 'CANCELLED'] as const)
    await expect(admin.updateOrderStatus(order.id, status)).rejects.toMatchObject({
      code: 'ORDER_STATUS_CONFLICT',
      details: { status: 'PROCESSING' },
    });
  await expect(admin.updateOrderStatus(randomUUID(), 'SHIPPED')).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND' });
  expect(await customer.order(order.id)).toEqual(inState('PROCESSING'));
});

interface Connection {
  orderConnection: {
    totalCount: number;
    edges: { cursor: string; node: { id: string; user: { email: string }; items: { product: { name: string } }[] } }[];
  };
}

test('an admin finds the orders to ship with their addresses; customers find only their own orders', async () => {
  const find = (caller: Customer, filter: object, after?: string) =>
    caller.data<Connection>(
      `query ($filter: OrderFilter, $after: String) {
        orderConnection(first: 100, filter: $filter, after: $after) {
          totalCount edges { cursor node { id user { email } items { product { name } } } }
        }
      }`,
      { filter, after },
    );
  const found = (await find(admin, { status: 'PROCESSING' })).orderConnection;
  const edge = found.edges.find(({ node }) => node.id === order.id)!;
  expect(edge.node).toEqual({
    id: order.id,
    user: { email: customer.email },
    items: [{ product: { name: 'Teapot' } }],
  });
  expect(found.totalCount).toBeGreaterThanOrEqual(found.edges.length);
  const own = (await find(admin, { userId: customer.id })).orderConnection;
  expect(own).toMatchObject({ totalCount: 1, edges: [{ node: edge.node }] });

  const stranger = await newCustomer(stack.url);
  await stranger.placeOrder({ productId: product.id, quantity: 1 });
  const strangers = (await find(stranger, {})).orderConnection;
  expect(strangers).toMatchObject({ totalCount: 1, edges: [{ node: { user: { email: stranger.email } } }] });
  // The cursor of a newer order, after which the other customer's orders would follow in the list of all.
  const { orderConnection } = await find(customer, {}, strangers.edges[0]!.cursor);
  expect(orderConnection).toMatchObject({ totalCount: 1, edges: [{ node: edge.node }] });
  await expect(find(stranger, { userId: customer.id })).rejects.toMatchObject({ code: 'FORBIDDEN' });
});
