import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../libs/testing/src/eventually.js';
import type { AppProcess } from '../../app-process.js';
import { newCustomers } from '../../client.js';
import { ServicesStack } from '../../services-stack.js';
import { expectStockToAddUp, settledOrders } from '../../stock.js';

jest.setTimeout(240_000);

const STOCK = 1_000;
/** The server ends the session of a frozen relay after 20 s. */
const TAKEOVER_MS = 40_000;

let stack: ServicesStack;

beforeAll(async () => {
  stack = await ServicesStack.start({ instances: 2, requestTimeoutMs: 2_000 });
});

afterAll(() => stack?.stop());

/** Only the leading relay reports the waiting events. */
async function leaderOf(instances: AppProcess[]): Promise<AppProcess> {
  for (const instance of instances) if ((await instance.metrics()).includes('bazaar_outbox_messages{')) return instance;
  throw new Error('There is no leader');
}

test('when the leading relay is frozen, another instance publishes the events, each once', async () => {
  const [customer] = await newCustomers(stack.url, 1);
  const { id: productId } = await customer!.createProduct({ stock: STOCK });
  const leader = await eventually(() => leaderOf(stack.apps.order));
  const { order: database } = stack.databases;

  leader.freeze();
  const frozenAt = Date.now();
  try {
    let placed = 0;
    // Requests to the frozen instance time out until the broker closes its connection.
    while (placed < 10)
      placed += await customer!.placeOrder({ productId, quantity: 1 }).then(
        () => 1,
        () => 0,
      );
    await eventually(async () => expect(await database.query('select from outbox')).toEqual([]), TAKEOVER_MS);
    process.stderr.write(`another relay published ${Date.now() - frozenAt} ms after the leader froze\n`);
    const orders = await settledOrders([customer!]);
    expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
  } finally {
    leader.thaw();
  }
  await eventually(async () => expect(await leader.isReady()).toBe(true));
  await sleep(3_000);
  const orders = await settledOrders([customer!]);
  await expectStockToAddUp(stack.url, productId, STOCK, orders);
});
