import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { TcpProxy } from '../../../libs/testing/src/tcp-proxy.js';
import { Client, newCustomers, type Customer, type Product, type Refused } from '../../client.js';
import { backing, ServicesStack } from '../../services-stack.js';
import { settledOrders } from '../../stock.js';

jest.setTimeout(180_000);

/** From the return of the database to the first accepted order. */
const RESUMES_MS = 10_000;
const UNAVAILABLE = /^SERVICE_(UNAVAILABLE|TIMEOUT)$/;

let postgres: TcpProxy;
let stack: ServicesStack;
let customer: Customer;
let product: Product;

beforeAll(async () => {
  postgres = await TcpProxy.listen(backing.postgres());
  stack = await ServicesStack.start({ proxies: { postgres }, requestTimeoutMs: 2_000 });
});

beforeEach(async () => {
  [customer] = (await newCustomers(stack.url, 1)) as [Customer];
  product = await customer.createProduct({ stock: 1_000 });
});

afterAll(async () => {
  try {
    await stack?.stop();
  } finally {
    await postgres?.close();
  }
});

const order = (productId = product.id) => customer.placeOrder({ productId, quantity: 1 });
const isReady = (name: 'order' | 'product') => stack.apps[name][0]!.isReady();
const readiness = async (name: 'order' | 'product') =>
  (await fetch(`${stack.apps[name][0]!.url}/health/ready`)).json() as Promise<unknown>;

/** Writes that failed in an earlier test keep a service unready for 15 s. */
const waitUntilReady = () => eventually(async () => expect(await isReady('product')).toBe(true));

async function expectOrderWithin(limitMs: number): Promise<void> {
  const began = Date.now();
  await eventually(() => order(), limitMs);
  process.stderr.write(
    `first order ${Date.now() - began} ms after the database returned: ${expect.getState().currentTestName}\n`,
  );
}

async function expectAllProcessed(): Promise<void> {
  await eventually(async () => {
    for (const database of Object.values(stack.databases))
      expect(await database.query('select from outbox')).toEqual([]);
  });
  const orders = await settledOrders([customer]);
  expect(orders.filter(({ status }) => status !== 'PROCESSING')).toEqual([]);
}

describe('a PostgreSQL that becomes silent', () => {
  test.each([
    ['for a moment', 3_000],
    ['for longer than the statement timeout', 20_000],
  ])('%s: the services continue on new connections while the old ones stay silent', async (_, forMs) => {
    await Promise.all([order(), order()]);
    postgres.freeze();
    const until = Date.now() + forMs;
    while (Date.now() < until)
      await expect(order()).rejects.toMatchObject({ code: expect.stringMatching(UNAVAILABLE) });
    expect(await isReady('order')).toBe(false);
    postgres.failOver(backing.postgres());
    await expectOrderWithin(RESUMES_MS);
    await eventually(async () => expect(await isReady('order')).toBe(true), RESUMES_MS);
    await expectAllProcessed();
  });
});

describe('a database that rejects writes', () => {
  afterEach(async () => {
    await stack.databases.product.query('drop trigger if exists full_disk on reservations');
  });

  const unready = (cause: RegExp) =>
    eventually(async () => {
      expect(await readiness('product')).toMatchObject({
        error: { database: { status: 'down', message: expect.stringMatching(cause) } },
      });
    });

  test('as after a failover to a standby: events wait, and the services continue when it accepts writes', async () => {
    const { product: database } = stack.databases;
    await database.setReadOnly(true);
    try {
      await database.disconnect();
      await unready(/read-only/);
      await expect(customer.updateProduct(product.id, { stock: 1 })).rejects.toMatchObject({
        code: 'SERVICE_UNAVAILABLE',
      });
    } finally {
      await database.setReadOnly(false);
    }
    await expectOrderWithin(RESUMES_MS);
    await eventually(async () => expect(await isReady('product')).toBe(true));
    await expectAllProcessed();
  });

  test('for a while, whatever the reason: events wait and are never dead-lettered', async () => {
    const { product: database } = stack.databases;
    const products = new Map<string, string>();
    for (const sqlState of REFUSALS) products.set((await customer.createProduct({ stock: 1 })).id, sqlState);
    // A sequence counts attempts whose transaction is rolled back.
    for (const sqlState of REFUSALS) await database.query(`create sequence attempts_${sqlState}`);
    await database.query(`create function full_disk() returns trigger language plpgsql as $$
      declare code text := '${JSON.stringify(Object.fromEntries(products))}'::json ->> (new.lines -> 0 ->> 'productId');
      begin
        perform nextval('attempts_' || code);
        raise exception using errcode = code, message = 'no space left: ' || code;
      end $$`);
    await database.query(
      'create trigger full_disk before insert on reservations for each row execute function full_disk()',
    );
    for (const [productId, sqlState] of products) {
      await order(productId);
      if (/^(25|53|58)/.test(sqlState)) await unready(new RegExp(`no space left: ${sqlState}`));
    }
    for (const sqlState of REFUSALS)
      await eventually(async () => {
        const [attempts] = await database.query<{ count: number }>(
          `select last_value::int as count from attempts_${sqlState}`,
        );
        expect(attempts!.count).toBeGreaterThanOrEqual(3);
      }, 60_000);
    expect(Number((await stack.apps.product[0]!.metrics()).match(RETRIES)?.[1])).toBeGreaterThanOrEqual(
      2 * REFUSALS.length,
    );
    await database.query('drop trigger full_disk on reservations');
    await expectAllProcessed();
  });
});

/** Of a standby, a full disk, too little memory, an I/O error, a cancelled statement, a lock timeout, a deadlock. */
const REFUSALS = ['25006', '53100', '53200', '58030', '57014', '55P03', '40P01'];
const RETRIES = /bazaar_events_consumed_total\{[^}]*event="order\.placed",outcome="retry"[^}]*\} (\d+)/;

test('a row locked by another client: its orders wait, everything else works', async () => {
  await waitUntilReady();
  const other = await customer.createProduct({ stock: 1_000 });
  const otherClient = new pg.Client({ connectionString: stack.databases.product.url });
  await otherClient.connect();
  try {
    await otherClient.query('begin');
    await otherClient.query('select from products where id = $1 for update', [product.id]);
    const waiting = await Promise.all(Array.from({ length: 10 }, () => order()));
    const others = await Promise.all(Array.from({ length: 5 }, () => order(other.id)));
    const anybody = new Client(stack.url);
    const until = Date.now() + 8_000;
    while (Date.now() < until) {
      expect(await isReady('product')).toBe(true);
      expect(await anybody.product(product.id)).toMatchObject({ id: product.id });
      await customer.updateProduct(other.id, { name: `at ${Date.now()}` });
    }
    await eventually(async () => {
      const placed = new Map((await customer.orders()).map(({ id, status }) => [id, status]));
      expect(others.map(({ id }) => placed.get(id))).toEqual(others.map(() => 'PROCESSING'));
      expect(waiting.map(({ id }) => placed.get(id))).toEqual(waiting.map(() => 'PENDING'));
    });
  } finally {
    await otherClient.end();
  }
  await expectAllProcessed();
});

test('rows locked by other clients: reads work, although more requests wait for the rows than the pool has connections', async () => {
  await waitUntilReady();
  await order();
  const lock = async (url: string, sql: string, id: string) => {
    const otherClient = new pg.Client({ connectionString: url });
    await otherClient.connect();
    await otherClient.query('begin');
    await otherClient.query(sql, [id]);
    return otherClient;
  };
  const { product: products, order: orders } = stack.databases;
  const otherClients = await Promise.all([
    lock(products.url, 'select from products where id = $1 for update', product.id),
    lock(orders.url, 'select from customers where id = $1 for update', customer.id),
  ]);
  const until = Date.now() + 8_000;
  const refusals = new Set<string>();
  const writeOn = async (write: () => Promise<unknown>) => {
    while (Date.now() < until) {
      await write().catch((error: Refused) => refusals.add(error.code));
    }
  };
  const writers = Array.from({ length: 16 }, (_, i) => [
    writeOn(() => customer.updateProduct(product.id, { stock: 1_000 })),
    writeOn(() => order()),
    writeOn(() => customer.placeOrderOnce(`key ${i}`, { productId: product.id, quantity: 1 })),
  ]).flat();
  try {
    while (Date.now() < until) {
      // A new search each time, so that no cache has it.
      const search = `{ productConnection(first: 1, filter: { search: "tea ${Date.now()}" }) { edges { node { id } } } }`;
      await customer.data(search);
      await customer.orders();
      expect([await isReady('product'), await isReady('order')]).toEqual([true, true]);
    }
    expect([...refusals].filter((code) => !UNAVAILABLE.test(code))).toEqual([]);
  } finally {
    await Promise.all(writers);
    await Promise.all(otherClients.map((otherClient) => otherClient.end()));
  }
  await customer.updateProduct(product.id, { name: 'Free again' });
  await order();
  await expectAllProcessed();
});

test('after all this there are no dead letters', async () => {
  for (const name of ['order', 'product'] as const)
    expect(await stack.apps[name][0]!.run('dead-letters', 'list')).toBe(`${name} has no dead letters.\n`);
});
