import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { TcpProxy } from '../../../libs/testing/src/tcp-proxy.js';
import { Client, newCustomers, type Customer, type Product } from '../../client.js';
import { LiveClient } from '../../live-client.js';
import { OrderStream } from '../../order-stream.js';
import { backing, ServicesStack } from '../../services-stack.js';
import { expectStockToAddUp, settledOrders } from '../../stock.js';

/** An event that fails three times waits for more than a minute. */
jest.setTimeout(180_000);

const STOCK = 100_000;

let proxies: { postgres: TcpProxy; rabbitmq: TcpProxy; redis: TcpProxy };
let stack: ServicesStack;
let customers: Customer[];
let product: Product;

beforeAll(async () => {
  const [postgres, rabbitmq, redis] = await Promise.all([
    TcpProxy.listen(backing.postgres()),
    TcpProxy.listen(backing.rabbitmq()),
    TcpProxy.listen(backing.redis()),
  ]);
  proxies = { postgres, rabbitmq, redis };
  stack = await ServicesStack.start({ proxies, requestTimeoutMs: 2_000 });
});

beforeEach(async () => {
  customers = await newCustomers(stack.url, 3);
  product = await customers[0]!.createProduct({ stock: STOCK });
});

afterAll(async () => {
  try {
    await stack?.stop();
  } finally {
    await Promise.all(Object.values(proxies ?? {}).map((proxy) => proxy.close()));
  }
});

test.each([
  ['RabbitMQ', 'rabbitmq', 'cut', 10_000],
  ['RabbitMQ', 'rabbitmq', 'freeze', 6_000],
  ['PostgreSQL', 'postgres', 'cut', 4_000],
  ['PostgreSQL', 'postgres', 'freeze', 4_000],
] as const)(
  'no order is lost while %s is unavailable (%s, %s)',
  async (_name, what, how, forMs) => {
    const pids = stack.processes.map(({ pid }) => pid);
    const stream = new OrderStream(customers, product.id);
    await stream.more(30);
    proxies[what][how]();
    await sleep(forMs);
    expect(await stack.apps.order[0]!.isReady()).toBe(false);
    proxies[what].restore();
    await eventually(async () => {
      for (const app of stack.processes) expect([app.name, await app.isReady()]).toEqual([app.name, true]);
    });
    await stream.more(30);
    await stream.stop();

    const orders = await settledOrders(customers);
    expect(stream.lostAmong(orders)).toEqual([]);
    expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
    await expectStockToAddUp(stack.url, product.id, STOCK, orders);
    expect(stream.failures.filter((code) => code !== 'SERVICE_UNAVAILABLE' && code !== 'SERVICE_TIMEOUT')).toEqual([]);
    expect(stack.processes.map(({ pid }) => pid)).toEqual(pids);
  },
  120_000,
);

describe.each(['cut', 'freeze'] as const)('without Redis (%s)', (how) => {
  test('products are up to date, also after it is back', async () => {
    const [seller] = customers;
    const anybody = new Client(stack.url);
    const write = async (stock: number) => {
      const changed = await seller!.updateProduct(product.id, { stock });
      expect(changed).toMatchObject({ id: product.id, stock });
      expect(await anybody.product(product.id)).toEqual(changed);
      expect(await anybody.products()).toContainEqual(changed);
    };
    await write(1);
    proxies.redis[how]();
    try {
      for (const stock of [2, 3, 4]) await write(stock);
    } finally {
      proxies.redis.restore();
    }
    for (const stock of [5, 6, 7]) {
      await write(stock);
      await sleep(500);
    }
  });
});

test('a client of live orders is disconnected, to read them again, after RabbitMQ was unavailable', async () => {
  const client = new LiveClient(stack.url, customers[0]!.token!);
  client.orders();
  await client.listening();
  proxies.rabbitmq.cut();
  await sleep(2_000);
  proxies.rabbitmq.restore();
  expect(await client.closed).toMatchObject({ code: 1012 });
  await client.close();
});
