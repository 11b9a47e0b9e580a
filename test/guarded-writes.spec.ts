import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../libs/testing/src/eventually.js';
import { Client, newCustomers, type Customer, type Order, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';
import { settledOrders } from './stock.js';

let stack: Stack;
let seller: Customer;
let customer: Customer;
let ring: Product;

beforeAll(async () => {
  stack = await startStack();
  [seller, customer] = (await newCustomers(stack.url, 2)) as [Customer, Customer];
});
afterAll(() => stack?.stop());
beforeEach(async () => {
  ring = await seller.createProduct({ name: 'Gold ring', price: 10, stock: 5 });
});

const stockOf = async () => (await new Client(stack.url).product(ring.id))?.stock;
const PLACE = 'mutation ($input: OrderInput!) { placeOrder(input: $input) { id total items { price } } }';

test('a late save of the stock is rejected with the current one, and adjusting it loses no order', async () => {
  await customer.placeOrder({ productId: ring.id, quantity: 4 });
  await settledOrders([customer]);
  await expect(seller.updateProduct(ring.id, { stock: 5, expectedStock: 5 })).rejects.toMatchObject({
    code: 'STOCK_CHANGED',
    details: { stock: 1 },
  });
  await eventually(async () => expect(await stockOf()).toBe(1));
  expect(await seller.adjustStock(ring.id, 4)).toMatchObject({ stock: 5 });
  expect(await stockOf()).toBe(5);
});

test('a repeated change of stock with one key takes place once', async () => {
  const key = randomUUID();
  for (let i = 0; i < 2; i++) expect(await seller.adjustStock(ring.id, 3, key)).toMatchObject({ stock: 8 });
  await expect(customer.adjustStock(ring.id, 1)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(seller.adjustStock(ring.id, -9)).rejects.toMatchObject({
    code: 'INSUFFICIENT_STOCK',
    details: { shortages: [{ productId: ring.id, requested: 9, available: 8 }] },
  });
  expect(await stockOf()).toBe(8);
});

test('an order is placed only at the prices that the customer saw', async () => {
  const buyer = customer;
  const input = { items: [{ productId: ring.id, quantity: 2, expectedPrice: 10 }], expectedTotal: 20 };
  const { placeOrder } = await buyer.data<{ placeOrder: Order }>(PLACE, { input });
  expect(placeOrder).toMatchObject({ total: 20 });
  const placed = await buyer.orders();
  await seller.updateProduct(ring.id, { price: 12.5 });
  await expect(buyer.data(PLACE, { input })).rejects.toMatchObject({
    code: 'PRICE_CHANGED',
    message: expect.stringContaining('The price of "Gold ring" is 12.50 now, not 10.00'),
    details: {
      prices: [{ productId: ring.id, expected: 10, actual: 12.5 }],
      total: { expected: 20, actual: 25 },
    },
  });
  expect((await buyer.orders()).map(({ id }) => id)).toEqual(placed.map(({ id }) => id));
});

test('an update to the same values keeps updatedAt', async () => {
  const update = async (input: object) => {
    const query =
      'mutation ($id: ID!, $input: ProductUpdateInput!) { updateProduct(id: $id, input: $input) { updatedAt } }';
    const answer = await seller.data<{ updateProduct: { updatedAt: string } }>(query, { id: ring.id, input });
    return answer.updateProduct.updatedAt;
  };
  const first = await update({ price: 11 });
  expect(await update({ price: 11, name: ring.name, stock: ring.stock, description: ring.description })).toBe(first);
  expect(await update({})).toBe(first);
  expect(await update({ price: 12 })).not.toBe(first);
});

test('docs/errors.md shows a real answer', async () => {
  const docs = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8');
  const example = JSON.parse(/```json\n(.*?)```/s.exec(docs)![1]!) as object;
  const { errors, data } = await customer.answer(
    'mutation ($input: OrderInput!) { placeOrder(input: $input) { id } }',
    {
      input: { items: [{ productId: ring.id, quantity: 6 }] },
    },
  );
  const comparable = (value: object) =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll(/[0-9a-f-]{36}/g, 'id')
        .replaceAll(/"traceId":"[0-9a-f]{32}"/g, '"traceId":""'),
    ) as object;
  expect(comparable({ errors, data })).toEqual(comparable(example));
});
