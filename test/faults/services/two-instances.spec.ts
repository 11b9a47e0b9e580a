import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { Client, newCustomers, type Customer } from '../../client.js';
import { OrderStream } from '../../order-stream.js';
import { ServicesStack } from '../../services-stack.js';
import { expectStockToAddUp, settledOrders } from '../../stock.js';

/** An event that fails three times waits for more than a minute. */
jest.setTimeout(180_000);

let stack: ServicesStack;
let customers: Customer[];

beforeAll(async () => {
  stack = await ServicesStack.start({ instances: 2 });
  const [one, other] = stack.apps.gateway;
  // Half of the customers use each gateway.
  customers = (await newCustomers(one!.url, 8)).map((customer, i) => customer.at(i % 2 ? one!.url : other!.url));
});

afterAll(() => stack?.stop());

test('a write through one gateway is visible at the other within seconds', async () => {
  const [, here] = customers;
  const [first, second] = stack.apps.gateway.map(({ url }) => new Client(url));
  const product = await here!.createProduct({ stock: 3 });
  for (const stock of [3, 2, 1]) {
    const changed = await here!.updateProduct(product.id, { stock });
    expect(changed).toMatchObject({ id: product.id, stock });
    expect(await first!.product(product.id)).toEqual(changed);
    await eventually(async () => {
      expect(await second!.product(product.id)).toEqual(changed);
      expect(await second!.products()).toContainEqual(changed);
    }, 5_000);
  }
});

test('of 100 concurrent orders through both gateways, exactly the last 30 units are sold', async () => {
  const { id: productId } = await customers[0]!.createProduct({ stock: 30 });
  const attempts = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => customers[i % customers.length]!.placeOrder({ productId, quantity: 1 })),
  );
  const refusals = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason as unknown] : []));
  for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'INSUFFICIENT_STOCK' });

  const orders = await settledOrders(customers);
  expect(orders.filter(({ status }) => status === 'PROCESSING')).toHaveLength(30);
  await expectStockToAddUp(stack.url, productId, 30, orders);
});

test('killing one of two instances loses no order', async () => {
  const buyers = customers.slice(4);
  const before = new Set((await settledOrders(buyers)).map(({ id }) => id));
  const { id: productId } = await customers[0]!.createProduct({ stock: 100_000 });
  const stream = new OrderStream(buyers, productId);
  for (const name of ['order', 'product', 'user'] as const) {
    await stream.more(40);
    await stack.apps[name][0]!.kill();
  }
  await stream.more(40);
  await stream.stop();

  const orders = (await settledOrders(buyers)).filter(({ id }) => !before.has(id));
  expect(stream.lostAmong(orders)).toEqual([]);
  expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
  await expectStockToAddUp(stack.url, productId, 100_000, orders);
});
