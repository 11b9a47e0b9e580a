import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import { GatewayConfig } from '../apps/gateway/src/config.js';
import { gatewayService } from '../apps/gateway/src/gateway.module.js';
import { orderService } from '../apps/order/src/order.module.js';
import { ProductConfig } from '../apps/product/src/config.js';
import { productService } from '../apps/product/src/product.module.js';
import { UserConfig } from '../apps/user/src/config.js';
import { userService } from '../apps/user/src/user.module.js';
import { InProcessTransport, RabbitMqTransport } from '../libs/messaging/src/index.js';
import { currentTraceparent } from '@app/telemetry';
import { DatabaseServiceConfig, startService } from '../libs/platform/src/index.js';
import { loadOf, removeKeys, TestBroker, TestDatabase, type Load } from '../libs/testing/src/index.js';

const admin = { email: 'admin@example.com', password: 'correct horse' };
const services = { user: userService, product: productService, order: orderService };
const CONFIGS = { user: UserConfig, product: ProductConfig, order: DatabaseServiceConfig };
const closing: (() => Promise<unknown>)[] = [];

let databases: Record<keyof typeof services, TestDatabase>;
let gateway: Awaited<ReturnType<typeof startService>>;

/** All four apps run in this process, where their requests and statements can be recorded. */
beforeAll(async () => {
  const [user, product, order] = await Promise.all([
    TestDatabase.create(),
    TestDatabase.create(),
    TestDatabase.create(),
  ]);
  databases = { user, product, order };
  closing.push(...Object.values(databases).map((database) => () => database.drop()));
  const { TEST_RABBITMQ_URL, TEST_REDIS_URL: REDIS_URL } = process.env;
  const broker = TEST_RABBITMQ_URL ? new TestBroker(TEST_RABBITMQ_URL) : undefined;
  const transport = broker ? new RabbitMqTransport(broker) : new InProcessTransport({ databaseUrl: order.url });
  closing.push(
    async () => broker?.drop(),
    () => transport.close(),
  );
  for (const [name, database] of Object.entries(databases)) {
    const config = Object.assign(new CONFIGS[name as keyof typeof services](), {
      DATABASE_URL: database.url,
      PORT: undefined,
    });
    const app = await startService(services[name as keyof typeof services], config, transport);
    closing.push(() => app.close());
  }
  const KEY_PREFIX = `test-${randomBytes(6).toString('hex')}:`;
  const config = Object.assign(new GatewayConfig(), { PORT: undefined, REDIS_URL, KEY_PREFIX });
  if (REDIS_URL) closing.push(() => removeKeys(REDIS_URL, KEY_PREFIX));
  gateway = await startService(gatewayService, config, transport);
  closing.push(() => gateway.close());

  const { email, password } = admin;
  await graphql(`mutation { registerUser(input: { name: "A", email: "${email}", password: "${password}" }) { id } }`);
  await user.query(`update users set role = 'ADMIN'`);
});

afterAll(async () => {
  while (closing.length) await closing.pop()!();
});

async function graphql<T>(query: string, token?: string): Promise<T> {
  const answer = await gateway.inject({
    method: 'POST',
    url: '/graphql',
    headers: { traceparent: currentTraceparent() ?? '', ...(token && { authorization: `Bearer ${token}` }) },
    payload: { query },
  });
  const { data, errors } = answer.json<{ data: T; errors?: unknown[] }>();
  expect(errors).toBeUndefined();
  return data;
}

/** Orders with distinct customers, two distinct products each, and distinct sellers. */
async function add(count: number): Promise<void> {
  const ids = (length: number) => Array.from({ length }, () => v7());
  const [customers, sellers, products, orders] = [ids(count), ids(2 * count), ids(2 * count), ids(count)];
  await databases.user.query(
    `insert into users (id, name, email, password_hash, created_at)
     select id, 'Jane', id || '@example.com', '', now() from unnest($1::uuid[]) as id`,
    [[...customers, ...sellers]],
  );
  await databases.product.query(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     select id, 'Lamp', 1999, 5, '', seller, 1, now(), now() from unnest($1::uuid[], $2::uuid[]) as p (id, seller)`,
    [products, sellers],
  );
  await databases.order.query(
    `insert into orders
       (id, user_id, status, total_cents, shipping, shipping_version, version, created_at, updated_at)
     select id, customer, 'PENDING', 3998, '{}', 1, 1, now(), now()
     from unnest($1::uuid[], $2::uuid[]) as o (id, customer)`,
    [orders, customers],
  );
  await databases.order.query(
    `insert into order_items (id, order_id, product_id, quantity, price_cents, product_name, seller_id)
     select gen_random_uuid(), o, p, 1, 1999, 'Lamp', s from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as item (o, p, s)`,
    [products.map((_, i) => orders[Math.floor(i / 2)]), products, sellers],
  );
}

interface Read {
  orders: { user: { email: string }; items: { product: { name: string; seller: { id: string } } }[] }[];
}

/** The load of reading every order with all its relations, for a caller who has just signed in. */
async function loadOfOrders(count: number): Promise<Load> {
  const login = `mutation { loginUser(input: { email: "${admin.email}", password: "${admin.password}" }) { accessToken } }`;
  const { loginUser } = await graphql<{ loginUser: { accessToken: string } }>(login);
  const query =
    '{ orders { id user { id email } items { id product { id name seller { id email profile { city } } } } } }';
  return loadOf(async () => {
    const { orders } = await graphql<Read>(query, loginUser.accessToken);
    expect(orders).toHaveLength(count);
    const sellers = orders.flatMap(({ items }) => items.map(({ product }) => product.seller.id));
    expect(new Set(sellers).size).toBe(2 * count);
  });
}

/** The load of reading what was ordered in every order. */
async function loadOfLines(count: number): Promise<Load> {
  const login = `mutation { loginUser(input: { email: "${admin.email}", password: "${admin.password}" }) { accessToken } }`;
  const { loginUser } = await graphql<{ loginUser: { accessToken: string } }>(login);
  return loadOf(async () => {
    const query = '{ orders { items { quantity price productName sellerId } } }';
    const { orders } = await graphql<{ orders: { items: { productName: string }[] }[] }>(query, loginUser.accessToken);
    expect(orders.flatMap(({ items }) => items.map(({ productName }) => productName))).toEqual(
      Array.from({ length: 2 * count }, () => 'Lamp'),
    );
  });
}

/** Statements by table. Without the signing keys, which the user service reads once a minute and not per request. */
const tablesRead = ({ statements }: Load) =>
  statements
    .map((sql) => /from "(\w+)"/.exec(sql)?.[1] ?? sql)
    .filter((table) => table !== 'signing_keys')
    .sort();

test('reading 500 orders with all their relations takes as many requests and statements as reading 5', async () => {
  await add(5);
  const few = await loadOfOrders(5);
  const fewLines = await loadOfLines(5);
  await add(495);
  const many = await loadOfOrders(500);
  const manyLines = await loadOfLines(500);
  expect(many.requests.sort()).toEqual(few.requests.sort());
  expect(few.statements).not.toEqual([]);
  expect(tablesRead(many)).toEqual(tablesRead(few));
  // The name and the seller of an item are read with the order.
  for (const { requests } of [fewLines, manyLines])
    expect(requests.toSorted()).toEqual(['order.list', 'user.validateToken']);
  expect(tablesRead(manyLines)).toEqual(tablesRead(fewLines));
});
