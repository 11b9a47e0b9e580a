import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { APPS } from '../../../libs/contracts/src/services.js';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { newCustomers, type Customer } from '../../client.js';
import { ComposeStack } from '../../compose-stack.js';
import { RetryingBuyers } from '../../retrying-buyers.js';
import { expectStockToAddUp, settledOrders } from '../../stock.js';

/** A store takes time to start, and an event that fails three times waits for more than a minute. */
jest.setTimeout(300_000);
const TIMEOUT_MS = 120_000;

const STOCK = 100_000;

let stack: ComposeStack;
let customers: Customer[];

beforeAll(async () => {
  stack = await ComposeStack.attach();
});

afterAll(() => stack?.stop());

test.each([...APPS, 'postgres', 'rabbitmq', 'redis'])(
  'killing and restarting a container of %s under load loses and duplicates nothing',
  async (service) => {
    customers = await newCustomers(stack.url, 4);
    const { id: productId } = await customers[0]!.createProduct({ stock: STOCK });
    const buyers = new RetryingBuyers(customers, [...stack.urls], productId);
    for (let kills = 0; kills < 2; kills++) {
      await buyers.more(30, TIMEOUT_MS);
      await stack.kill(service);
      await sleep(2_000);
      await stack.start(service);
      await eventually(async () => expect(await stack.isHealthy(service)).toBe(true), TIMEOUT_MS);
    }
    await buyers.more(30, TIMEOUT_MS);
    await buyers.stop();

    const orders = await settledOrders(customers);
    const idsOf = (orders: { id: string }[]) => orders.map(({ id }) => id).sort();
    expect(idsOf(orders)).toEqual(idsOf(buyers.placed));
    expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
    await expectStockToAddUp(stack.url, productId, STOCK, orders);
  },
);
