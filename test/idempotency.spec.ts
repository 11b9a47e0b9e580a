import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { newCustomers, type Answer, type Customer, type Line, type Order, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';
import { expectStockToAddUp, settledOrders } from './stock.js';

let stack: Stack;
let shop: Customer;
let customer: Customer;
let other: Customer;
let product: Product;
let line: Line;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

beforeEach(async () => {
  [shop, customer, other] = (await newCustomers(stack.url, 3)) as [Customer, Customer, Customer];
  product = await shop.createProduct({ stock: 10 });
  line = { productId: product.id, quantity: 10 };
});

/** A client that sends an Idempotency-Key header with every request. */
async function placeByHeader(key: string): Promise<Answer<{ placeOrder: Order }>> {
  const query = 'mutation ($input: OrderInput!) { placeOrder(input: $input) { id } }';
  const body = JSON.stringify({ query, variables: { input: { items: [line] } } });
  return JSON.parse((await customer.post(body, { 'idempotency-key': `"${key}"` })).body);
}

test('a hundred concurrent calls with one key, in the header or the input, place one order and reserve its stock once', async () => {
  const key = randomUUID();
  const ids = await Promise.all(
    Array.from({ length: 100 }, async (_, i) =>
      i % 2 ? (await placeByHeader(key)).data?.placeOrder.id : (await customer.placeOrderOnce(key, line)).id,
    ),
  );
  const orders = await settledOrders([customer]);
  expect(orders).toMatchObject([{ status: 'PROCESSING', items: [line] }]);
  expect(new Set(ids)).toEqual(new Set([orders[0]!.id]));
  await expectStockToAddUp(stack.url, product.id, 10, orders);
});

test('a repeated call returns the current order, also if its product is sold out or deleted', async () => {
  const first = await customer.placeOrderOnce('once', line);
  const [now] = await settledOrders([customer]);
  expect(await customer.placeOrderOnce('once', line)).toEqual(now);
  await shop.deleteProduct(product.id);
  expect(await customer.placeOrderOnce('once', line)).toEqual(now);
  const cancelled = await customer.cancelOrder(first.id);
  expect(await customer.placeOrderOnce('once', line)).toEqual(cancelled);
});

test('a key belongs to one order of one customer', async () => {
  const small = { productId: product.id, quantity: 1 };
  const [own, others] = [await customer.placeOrderOnce('mine', small), await other.placeOrderOnce('mine', small)];
  expect(others).toMatchObject({ userId: other.id });
  expect(others.id).not.toBe(own.id);
  await expect(customer.placeOrderOnce('mine', { ...small, quantity: 2 })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  expect(await customer.orders()).toHaveLength(1);
});

test('a repeated call gets the same error, also if the product is in stock again', async () => {
  const tooMany = { ...line, quantity: 11 };
  const place = (key: string) => customer.placeOrderOnce(key, tooMany);
  await expect(place('refused')).rejects.toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  await shop.updateProduct(product.id, { stock: 20 });
  await expect(place('refused')).rejects.toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  expect(await customer.orders()).toEqual([]);
  expect(await place('again')).toMatchObject({ items: [tooMany] });
});
