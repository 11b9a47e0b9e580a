import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { newCustomer, type Customer } from './client.js';
import { startStack, type Stack } from './stack.js';
import { settledOrders } from './stock.js';

let stack: Stack;
let customer: Customer;

beforeAll(async () => {
  stack = await startStack({ environment: { MAX_PRICE: '100000000' } });
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
    code: 'BAD_USER_INPUT',
    details: { limit: 10_000_000_000_000, actual: 10_000_000_000_000.01 },
  });
  expect(await customer.orders()).toEqual([]);
  expect(await customer.placeOrder(line)).toMatchObject({ total: 10_000_000_000_000 });
});

test('a price in a currency with large amounts is ordered, filtered and sorted, up to the limit', async () => {
  const name = `w${customer.id.replaceAll('-', '')}`;
  const cheap = await customer.createProduct({ name, price: 1_000, stock: 9 });
  const phone = await customer.createProduct({ name, price: 45_000_000, stock: 9 });
  await expect(customer.updateProduct(phone.id, { price: 100_000_000.01 })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { limit: 100_000_000, actual: 100_000_000.01 },
  });
  const order = await customer.placeOrder({ productId: phone.id, quantity: 3 });
  expect(order).toMatchObject({ total: 135_000_000, items: [{ price: 45_000_000 }] });

  const page = async (after: string | null, minPrice = 0) => {
    const query = `query ($after: String, $search: String, $minPrice: Float) {
      productConnection(first: 1, after: $after, sort: PRICE_DESC, filter: { search: $search, minPrice: $minPrice }) {
        edges { cursor node { id price } }
      }
    }`;
    const variables = { after, search: name, minPrice };
    const { productConnection } = await customer.data<{
      productConnection: { edges: { cursor: string; node: { id: string; price: number } }[] };
    }>(query, variables);
    return productConnection.edges;
  };
  const [first] = await page(null);
  expect(first?.node).toEqual({ id: phone.id, price: 45_000_000 });
  expect((await page(first!.cursor)).map(({ node }) => node)).toEqual([{ id: cheap.id, price: 1_000 }]);
  expect(await page(first!.cursor, 45_000_000)).toEqual([]);
});

test('stock is rejected if reserved units could not be returned to it', async () => {
  const { id: productId } = await customer.createProduct({ stock: 1_000_000_000 });
  await customer.placeOrder({ productId, quantity: 3 });
  await settledOrders([customer]);
  await expect(customer.updateProduct(productId, { stock: 1_000_000_000 })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { limit: 1_000_000_000, actual: 1_000_000_003, reserved: 3 },
  });
  expect((await customer.product(productId))?.stock).toBe(999_999_997);
});
