import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { newCustomer, type Customer } from './client.js';
import { startStack, type Stack } from './stack.js';
import { settledOrders } from './stock.js';

let stack: Stack;
let customer: Customer;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

beforeEach(async () => {
  customer = await newCustomer(stack.url);
});

test('an order whose total would be inexact is rejected with the limit; one at the limit is exact', async () => {
  const [most, cent] = await Promise.all([
    customer.createProduct({ price: 10_000_000, stock: 2_000_000 }),
    customer.createProduct({ price: 0.01, stock: 1 }),
  ]);
  const line = { productId: most.id, quantity: 1_000_000 };
  await expect(customer.placeOrder(line, { productId: cent.id, quantity: 1 })).rejects.toMatchObject({
    error: { extensions: { code: 'BAD_USER_INPUT', limit: 10_000_000_000_000, actual: 10_000_000_000_000.01 } },
  });
  expect(await customer.orders()).toEqual([]);
  expect(await customer.placeOrder(line)).toMatchObject({ total: 10_000_000_000_000 });
});

test('stock is rejected if reserved units could not be returned to it', async () => {
  const { id: productId } = await customer.createProduct({ stock: 1_000_000_000 });
  await customer.placeOrder({ productId, quantity: 3 });
  await settledOrders([customer]);
  await expect(customer.updateProduct(productId, { stock: 1_000_000_000 })).rejects.toMatchObject({
    error: { extensions: { code: 'BAD_USER_INPUT', limit: 1_000_000_000, actual: 1_000_000_003, reserved: 3 } },
  });
  expect((await customer.product(productId))?.stock).toBe(999_999_997);
});
