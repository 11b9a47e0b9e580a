import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { newCustomers, Refused, type Customer, type Line, type Order } from './client.js';
import { startStack, type Stack } from './stack.js';
import { expectStockToAddUp, reserved, settledOrders } from './stock.js';

/** An event that fails three times waits for more than a minute. */
jest.setTimeout(180_000);

let stack: Stack;
let customers: Customer[];

beforeAll(async () => {
  stack = await startStack();
  customers = await newCustomers(stack.url, 20);
});

afterAll(() => stack?.stop());

/** Places orders concurrently, by all customers in turn. @returns the number placed, and the error codes of the others. */
async function placeAtOnce(orders: Line[][]): Promise<{ placed: Order[]; codes: string[] }> {
  const answers = await Promise.allSettled(
    orders.map((lines, i) => customers[i % customers.length]!.placeOrder(...lines)),
  );
  const codes: string[] = [];
  const placed: Order[] = [];
  for (const answer of answers) {
    if (answer.status === 'fulfilled') placed.push(answer.value);
    else if (answer.reason instanceof Refused) codes.push(answer.reason.code);
    else throw answer.reason;
  }
  return { placed, codes };
}

const ofThese = (orders: Order[], placed: Order[]) => {
  const ids = new Set(placed.map(({ id }) => id));
  return orders.filter(({ id }) => ids.has(id));
};

test('of 200 concurrent orders for the last 50 units, exactly 50 get one', async () => {
  const { id: productId } = await customers[0]!.createProduct({ stock: 50 });
  const { placed, codes } = await placeAtOnce(Array.from({ length: 200 }, () => [{ productId, quantity: 1 }]));
  expect(codes).toEqual(codes.map(() => 'INSUFFICIENT_STOCK'));

  const orders = await settledOrders(customers);
  expect(orders).toHaveLength(placed.length);
  const served = orders.filter(({ status }) => status === 'PROCESSING');
  const others = orders.filter(({ status }) => status !== 'PROCESSING');
  expect(served).toHaveLength(50);
  for (const order of others) expect(order).toMatchObject({ status: 'CANCELLED', cancelReason: 'OUT_OF_STOCK' });
  await expectStockToAddUp(stack.url, productId, 50, orders);
});

test('concurrent orders with the same products in opposite order get all or nothing, and none is lost', async () => {
  const [scarce, plenty] = await Promise.all([
    customers[0]!.createProduct({ stock: 40 }),
    customers[1]!.createProduct({ stock: 1_000 }),
  ]);
  const lines = [
    { productId: scarce!.id, quantity: 1 },
    { productId: plenty!.id, quantity: 2 },
  ];
  const { placed, codes } = await placeAtOnce(
    Array.from({ length: 100 }, (_, i) => (i % 2 ? lines : lines.toReversed())),
  );
  expect(codes).toEqual(codes.map(() => 'INSUFFICIENT_STOCK'));

  const orders = ofThese(await settledOrders(customers), placed);
  expect(orders).toHaveLength(placed.length);
  expect(reserved(scarce!.id, orders)).toBe(40);
  expect(reserved(plenty!.id, orders)).toBe(80);
  await expectStockToAddUp(stack.url, scarce!.id, 40, orders);
  await expectStockToAddUp(stack.url, plenty!.id, 1_000, orders);
});

test('no unit is lost when many orders are placed and cancelled at once', async () => {
  const { id: productId } = await customers[0]!.createProduct({ stock: 60 });
  const done = await Promise.all(
    customers.flatMap((customer) =>
      Array.from({ length: 3 }, async (_, i) => {
        const order = await customer.placeOrder({ productId, quantity: 1 });
        return i === 0 ? order : customer.cancelOrder(order.id);
      }),
    ),
  );
  const orders = ofThese(await settledOrders(customers), done);
  expect(orders.filter(({ status }) => status === 'PROCESSING')).toHaveLength(20);
  await expectStockToAddUp(stack.url, productId, 60, orders);
});
