import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { newCustomers } from '../../client.js';
import { RetryingBuyers } from '../../retrying-buyers.js';
import { ServicesStack } from '../../services-stack.js';
import { expectStockToAddUp, settledOrders } from '../../stock.js';

/** An event that fails three times waits for more than a minute. */
jest.setTimeout(180_000);

const STOCK = 100_000;

let stack: ServicesStack;

beforeAll(async () => {
  stack = await ServicesStack.start({ instances: 2, requestTimeoutMs: 2_000 });
});

afterAll(() => stack?.stop());

test('an order that is retried until it is answered is placed once, whichever app is killed', async () => {
  const customers = await newCustomers(stack.url, 4);
  const { id: productId } = await customers[0]!.createProduct({ stock: STOCK });
  const [gateway, otherGateway] = stack.apps.gateway;
  const buyers = new RetryingBuyers(customers, [gateway!.url, otherGateway!.url], productId);
  for (const app of [...stack.apps.order, gateway!]) {
    await buyers.more(20);
    await app.kill();
    await buyers.more(20);
    await app.start();
  }
  await buyers.stop();
  expect(buyers.unanswered).toBeGreaterThan(0);

  const orders = await settledOrders(customers);
  expect(orders.map(({ id }) => id).sort()).toEqual(buyers.placed.map(({ id }) => id).sort());
  await expectStockToAddUp(stack.url, productId, STOCK, orders);
});
