import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { newCustomers, type Customer } from '../../client.js';
import { OrderStream } from '../../order-stream.js';
import { ServicesStack } from '../../services-stack.js';
import { expectStockToAddUp, settledOrders } from '../../stock.js';

/** An event that fails three times waits for more than a minute. */
jest.setTimeout(180_000);

const STOCK = 100_000;

let stack: ServicesStack;
let customers: Customer[];

beforeAll(async () => {
  stack = await ServicesStack.start({ requestTimeoutMs: 3_000 });
});

afterAll(() => stack?.stop());

test.each([['product'], ['order']] as const)(
  'no order is lost or duplicated when the %s service is killed',
  async (name) => {
    customers = await newCustomers(stack.url, 4);
    const { id: productId } = await customers[0]!.createProduct({ stock: STOCK });
    const stream = new OrderStream(customers, productId);
    for (let kills = 0; kills < 2; kills++) {
      await stream.more(50);
      await stack.apps[name][0]!.kill();
      await sleep(500);
      await stack.apps[name][0]!.start();
    }
    await stream.more(20);
    await stream.stop();

    const orders = await settledOrders(customers);
    expect(stream.lostAmong(orders)).toEqual([]);
    expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
    await expectStockToAddUp(stack.url, productId, STOCK, orders);
    expect(stream.failures.filter((code) => code !== 'SERVICE_UNAVAILABLE' && code !== 'SERVICE_TIMEOUT')).toEqual([]);
  },
);

test('stopping every service in turn loses no order', async () => {
  customers = await newCustomers(stack.url, 4);
  const { id: productId } = await customers[0]!.createProduct({ stock: STOCK });
  const stream = new OrderStream(customers, productId);
  for (const name of ['order', 'product', 'user', 'gateway'] as const) {
    await stream.more(20);
    await stack.apps[name][0]!.stop();
    await stack.apps[name][0]!.start();
  }
  await stream.more(20);
  await stream.stop();

  const orders = await settledOrders(customers);
  expect(stream.lostAmong(orders)).toEqual([]);
  expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
  await expectStockToAddUp(stack.url, productId, STOCK, orders);
});
