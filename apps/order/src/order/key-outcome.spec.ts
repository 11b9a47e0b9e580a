import { orders, type Caller, type OrderDto, type ProductQuote } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { errorOf, home, OrderServiceUnderTest } from '../../test/order-service-under-test.js';
import { orderService } from '../order.module.js';
import { StalledStatements } from '../../test/stalled-statements.js';

let underTest: OrderServiceUnderTest;
let statements: StalledStatements;
let customer: Caller;
let tea: ProductQuote;
let idempotencyKey: string;

beforeAll(async () => {
  underTest = await OrderServiceUnderTest.start();
});
afterAll(() => underTest.close());

beforeEach(async () => {
  statements = new StalledStatements(underTest.service.database);
  customer = underTest.newCustomer(home);
  tea = underTest.newProduct({ stock: 2 });
  idempotencyKey = randomUUID();
  // The service has a copy of the customer from now on.
  await underTest.placeAny(customer);
});
afterEach(() => statements.release());

const place = (quantity = 2) => underTest.place(customer, [[tea, quantity]], { idempotencyKey });
/** Starts an attempt whose outcome is read later. */
const begin = (attempt: Promise<OrderDto>) => attempt.catch((error: unknown) => error);
const ordersOfTea = async () =>
  (await underTest.client.list({ caller: customer })).filter(({ items }) => items[0]?.productId === tea.id);

/** Stalls the statements that place the customer's orders, after they have claimed a key. */
const holdPlacing = () => statements.hold('select from customers where id = $1 for update', [customer.userId]);

/** Stalls each statement that writes the outcome of a key, before or after the write. */
async function holdKeys(when: 'before' | 'after', outcome: 'order' | 'refusal'): Promise<void> {
  const { database } = underTest.service;
  await database.query('drop trigger if exists stall on idempotency_keys');
  await database.query(`
    create or replace function stall() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(1); return new; end; $$`);
  await database.query(`
    create trigger stall ${when} insert on idempotency_keys for each row
    when (new.refusal is ${outcome === 'order' ? '' : 'not'} null) execute function stall()`);
  await statements.hold('select pg_advisory_xact_lock(1)');
}

test('an attempt waits while an earlier one can still place the order, and returns that order', async () => {
  await holdPlacing();
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 0;
  const second = begin(place());
  await statements.stalled(2);
  await statements.release();
  expect(await first).toMatchObject({ userId: customer.userId });
  expect(await second).toEqual(await first);
  expect(await ordersOfTea()).toEqual([await first]);
});

test('an attempt with other lines is rejected once the earlier one has placed the order', async () => {
  await holdPlacing();
  const first = begin(place());
  await statements.stalled(1);
  const [larger, smaller] = [begin(place(3)), begin(place(1))];
  await statements.stalled(3);
  await statements.release();
  expect(await larger).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await smaller).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await ordersOfTea()).toEqual([await first]);
});

test('a late attempt, after another got a final error, gets the same error and places nothing', async () => {
  await holdKeys('before', 'order');
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 0;
  const refusal = await errorOf(place());
  expect(refusal).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  await statements.release();
  expect(await first).toEqual(refusal);
  expect(await ordersOfTea()).toEqual([]);
  expect(
    underTest.service.publishedOf(orders.events.placed).filter(({ lines }) => lines[0]?.productId === tea.id),
  ).toEqual([]);
  tea.stock = 2;
  expect(await errorOf(place())).toEqual(refusal);
});

test('an attempt waits for one that is storing a final error, and gets the same error', async () => {
  await holdKeys('after', 'refusal');
  tea.stock = 0;
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 2;
  const second = begin(place());
  await statements.stalled(2);
  await statements.release();
  expect(await first).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  expect(await second).toEqual(await first);
  expect(await ordersOfTea()).toEqual([]);
});

test('a late final error, after another attempt has placed the order, is replaced by the order', async () => {
  await holdKeys('before', 'refusal');
  tea.stock = 0;
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 2;
  const order = await place();
  await statements.release();
  expect(await first).toEqual(order);
});

test('a crash before the order has committed leaves the key to the next attempt', async () => {
  await holdPlacing();
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 0;
  const second = begin(place());
  await statements.stalled(2);
  await statements.crash();
  expect(await second).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  expect(await first).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  expect(await errorOf(place())).toEqual(await second);
  await statements.release();
  expect(await ordersOfTea()).toEqual([]);
});

test('a crash before the final error has committed leaves the key to the next attempt', async () => {
  await holdKeys('after', 'refusal');
  tea.stock = 0;
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 2;
  const second = begin(place());
  await statements.stalled(2);
  await statements.crash();
  expect(await first).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  const placed = await second;
  expect(await ordersOfTea()).toEqual([placed]);
});

test('keys older than a day are pruned: final errors are forgotten, orders are not', async () => {
  const placed = await place();
  const refusedKey = randomUUID();
  tea.stock = 0;
  const again = () => underTest.place(customer, [[tea, 2]], { idempotencyKey: refusedKey });
  expect(await errorOf(again())).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  const { service } = underTest;
  await service.database.query(`update idempotency_keys set created_at = now() - interval '25 hours'`);
  await service.startInstance(orderService);
  tea.stock = 2;
  await eventually(async () => expect(await again()).toMatchObject({ status: 'PENDING' }));
  expect(await place()).toEqual(placed);
});
