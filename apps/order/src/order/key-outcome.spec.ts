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
  // From here on the service knows the customer.
  await underTest.placeAny(customer);
});
afterEach(() => statements.goOn());

const place = (quantity = 2) => underTest.place(customer, [[tea, quantity]], { idempotencyKey });
/** An attempt whose answer is looked at later. */
const begin = (attempt: Promise<OrderDto>) => attempt.catch((error: unknown) => error);
const ordersOfTea = async () =>
  (await underTest.client.list({ caller: customer })).filter(({ items }) => items[0]?.productId === tea.id);

/** Stalls what places the customer's orders, after it has claimed a key. */
const holdPlacing = () => statements.hold('select from customers where id = $1 for update', [customer.userId]);

/** Stalls each statement that writes the outcome of a key, before or after it has: an order, or else a refusal. */
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

test('an attempt is not refused while an earlier one can still place the order: it waits, and answers with the order', async () => {
  await holdPlacing();
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 0;
  const second = begin(place());
  await statements.stalled(2);
  await statements.goOn();
  expect(await first).toMatchObject({ userId: customer.userId });
  expect(await second).toEqual(await first);
  expect(await ordersOfTea()).toEqual([await first]);
});

test('an attempt with other lines is refused once the earlier one has placed the order', async () => {
  await holdPlacing();
  const first = begin(place());
  await statements.stalled(1);
  const [larger, smaller] = [begin(place(3)), begin(place(1))];
  await statements.stalled(3);
  await statements.goOn();
  expect(await larger).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await smaller).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await ordersOfTea()).toEqual([await first]);
});

test('an attempt that comes late, after another was refused, is refused too and places nothing', async () => {
  await holdKeys('before', 'order');
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 0;
  const refusal = await errorOf(place());
  expect(refusal).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  await statements.goOn();
  expect(await first).toEqual(refusal);
  expect(await ordersOfTea()).toEqual([]);
  expect(
    underTest.service.publishedOf(orders.events.placed).filter(({ lines }) => lines[0]?.productId === tea.id),
  ).toEqual([]);
  tea.stock = 2;
  expect(await errorOf(place())).toEqual(refusal);
});

test('an attempt that could place the order waits for one that is being refused, and is refused too', async () => {
  await holdKeys('after', 'refusal');
  tea.stock = 0;
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 2;
  const second = begin(place());
  await statements.stalled(2);
  await statements.goOn();
  expect(await first).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  expect(await second).toEqual(await first);
  expect(await ordersOfTea()).toEqual([]);
});

test('a refusal that comes late, after another attempt has placed the order, is answered with the order', async () => {
  await holdKeys('before', 'refusal');
  tea.stock = 0;
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 2;
  const order = await place();
  await statements.goOn();
  expect(await first).toEqual(order);
});

test('an attempt that crashes before its order has committed leaves the key to the next', async () => {
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
  await statements.goOn();
  expect(await ordersOfTea()).toEqual([]);
});

test('an attempt that crashes before its refusal has committed leaves the key to the next', async () => {
  await holdKeys('after', 'refusal');
  tea.stock = 0;
  const first = begin(place());
  await statements.stalled(1);
  tea.stock = 2;
  const second = begin(place());
  await statements.stalled(2);
  await statements.crash();
  expect(await first).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  expect(await ordersOfTea()).toEqual([await second]);
});

test('keys older than a day are pruned: refusals are forgotten, orders are not', async () => {
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
