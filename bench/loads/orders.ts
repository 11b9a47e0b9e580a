import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { databaseOf } from '../../scripts/backing-services.ts';
import type { Benchmark } from '../benchmark.ts';
import { type Contender, graphqlClient } from '../contender.ts';
import { startShop } from '../shop.ts';
import { connected, createProduct, signIn } from '../stack.ts';

const CLIENTS = 16;
const STOCK = 100_000_000;
const PLACE = 'mutation ($input: OrderInput!) { placeOrder(input: $input) { id status total } }';

export const orders: Benchmark = {
  title: 'An order of one line, until it is PROCESSING',
  clients: CLIENTS,
  goals: { 'its SQL': 0.33 },
  async open() {
    const shop = await startShop();
    const buyers = await Promise.all(Array.from({ length: CLIENTS }, () => signIn(shop)));
    const input = { name: 'Tea pot', price: 24.99, description: 'Holds a litre', stock: STOCK };
    const ids = await Promise.all(buyers.map((buyer) => createProduct(shop, buyer, input)));
    const { post, close } = graphqlClient(shop.url);
    const db = await connected(shop.databaseUrl('order'));
    const floor = await startFloor(`${shop.name}_floor`);
    return {
      contenders: [
        {
          name: 'Bazaar',
          processes: shop.processes,
          async run(client) {
            const items = [{ productId: ids[client], quantity: 1 }];
            const body = JSON.stringify({ query: PLACE, variables: { input: { items } } });
            const answer = await post(body, { authorization: `Bearer ${buyers[client]!.token}` });
            if (!answer.includes('"status":"PENDING"')) throw new Error(`Another answer: ${answer.slice(0, 200)}`);
          },
          async settled() {
            const pending = `select exists (select from orders where status = 'PENDING') or exists (select from outbox) as waits`;
            while ((await db.query<{ waits: boolean }>(pending)).rows[0]!.waits) await sleep(5);
            const { rows } = await db.query<{ n: number }>(
              `select count(*)::int n from orders where status <> 'PROCESSING'`,
            );
            if (rows[0]!.n > 0) throw new Error(`${rows[0]!.n} orders are not PROCESSING`);
          },
        },
        floor.contender,
      ],
      close: async () => {
        await Promise.all([close(), db.end(), floor.stop()]);
        await shop.stop();
      },
    };
  },
};

/** The least that an order costs: its rows, in two transactions of one statement each, and nothing else. */
async function startFloor(database: string) {
  const admin = await connected(databaseOf('postgres'));
  await admin.query(`create database ${database}`);
  const pool = new pg.Pool({ connectionString: databaseOf(database), max: CLIENTS, idleTimeoutMillis: 0 });
  await pool.query(`
    create table orders (id uuid primary key, user_id uuid, status text, total_cents bigint, created_at timestamptz);
    create table order_items (id uuid primary key, order_id uuid, product_id uuid, quantity int, price_cents bigint);
    create table outbox (id uuid primary key, payload jsonb);
    create table products (id uuid primary key, stock int check (stock >= 0));
    create index on orders (user_id, id);
    create index on order_items (order_id);`);
  pool.on('error', () => {}); // the database is dropped in the end
  const ids = Array.from({ length: CLIENTS }, () => randomUUID());
  await pool.query('insert into products select id, $2 from unnest($1::uuid[]) id', [ids, STOCK]);
  const place = `
    with placed as (insert into orders values ($1, $2, 'PENDING', 2499, now())),
         item as (insert into order_items values ($3, $1, $2, 1, 2499))
    insert into outbox values ($1, $4)`;
  const process = `
    with reserved as (update products set stock = stock - 1 where id = $2 and stock >= 1 returning id),
         published as (delete from outbox where id = $1)
    update orders set status = 'PROCESSING' where id = $1 and exists (select from reserved)`;
  const contender: Contender = {
    name: 'its SQL',
    processes: {},
    async run(client) {
      const id = randomUUID();
      await pool.query({ name: 'place', text: place, values: [id, ids[client], randomUUID(), { orderId: id }] });
      const { rowCount } = await pool.query({ name: 'process', text: process, values: [id, ids[client]] });
      if (rowCount !== 1) throw new Error('The order was not processed');
    },
  };
  const stop = async () => {
    await pool.end();
    await admin.query(`drop database ${database} with (force)`);
    await admin.end();
  };
  return { contender, stop };
}
