import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { newCustomers } from '../../client.js';
import { OrderStream } from '../../order-stream.js';
import { StandaloneStack, standaloneOn } from '../../standalone-stack.js';
import { expectStockToAddUp, settledOrders } from '../../stock.js';

/** An event that fails three times waits for more than a minute. */
jest.setTimeout(180_000);

const STOCK = 100_000;

let stack: StandaloneStack;

beforeEach(async () => {
  stack = await StandaloneStack.start();
});

afterEach(() => stack?.stop());

test('no order is lost or duplicated when the process is killed repeatedly', async () => {
  const customers = await newCustomers(stack.url, 4);
  const { id: productId } = await customers[0]!.createProduct({ stock: STOCK });
  const stream = new OrderStream(customers, productId);
  for (let kills = 0; kills < 3; kills++) {
    await stream.more(60);
    await stack.app.kill();
    await stack.app.start();
  }
  await stream.more(20);
  await stream.stop();

  const orders = await settledOrders(customers);
  expect(stream.lostAmong(orders)).toEqual([]);
  expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
  await expectStockToAddUp(stack.url, productId, STOCK, orders);
  expect(stream.failures.filter((code) => code !== 'NO_ANSWER')).toEqual([]);
});

test('stopping during orders loses none, and stops PostgreSQL', async () => {
  const customers = await newCustomers(stack.url, 2);
  const { id: productId } = await customers[0]!.createProduct({ stock: STOCK });
  const stream = new OrderStream(customers, productId);
  await stream.more(40);
  await stack.app.stop();
  await stream.stop();
  await expect(stat(join(stack.folder, 'postgres', 'data', 'postmaster.pid'))).rejects.toThrow('ENOENT');

  await stack.app.start();
  const orders = await settledOrders(customers);
  expect(stream.lostAmong(orders)).toEqual([]);
  expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
  await expectStockToAddUp(stack.url, productId, STOCK, orders);
});

test('a second standalone on the same data names the first and exits; the first continues', async () => {
  const second = await standaloneOn(stack.folder);
  await expect(second.start()).rejects.toThrow(`${stack.url}/graphql`);
  const [customer] = await newCustomers(stack.url, 1);
  expect(await customer!.createProduct()).toMatchObject({ stock: 10 });
});
