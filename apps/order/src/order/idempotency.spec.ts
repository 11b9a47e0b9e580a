import { orders, OrderStatus, products, type Caller, type OrderDto, type ProductQuote } from '@app/contracts';
import { eventually, loadOf } from '@app/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { admin, errorOf, home, OrderServiceUnderTest, type Line } from '../../test/order-service-under-test.js';
import { orderService } from '../order.module.js';

let underTest: OrderServiceUnderTest;
let customer: Caller;
let tea: ProductQuote;
let cup: ProductQuote;
let idempotencyKey: string;

beforeAll(async () => {
  underTest = await OrderServiceUnderTest.start();
});
afterAll(() => underTest.close());
beforeEach(() => {
  underTest.usersAnswer = underTest.productsAnswer = true;
  customer = underTest.newCustomer(home);
  [tea, cup] = [underTest.newProduct(), underTest.newProduct()];
  idempotencyKey = randomUUID();
});

const place = (caller = customer, lines: Line[] = [[tea, 2]], key: string | null = idempotencyKey, userId?: string) =>
  underTest.place(caller, lines, { idempotencyKey: key, userId });
const ordersOf = (caller: Caller) => underTest.client.list({ caller });

/** The ids of a customer's published orders, once the outbox is empty. */
async function publishedFor({ userId }: Caller): Promise<string[]> {
  await underTest.service.settled();
  const published = () =>
    underTest.service.publishedOf(orders.events.placed).filter((event) => event.userId === userId);
  await eventually(() => expect(published()).not.toEqual([]));
  return published().map(({ orderId }) => orderId);
}

describe('placing again with the same key', () => {
  test('returns the first order in its current state, and places and publishes nothing', async () => {
    const lines: Line[] = [
      [tea, 2],
      [cup, 1],
    ];
    const first = await place(customer, lines);
    expect(await place(customer, lines)).toEqual(first);
    expect(await place(customer, lines.toReversed())).toEqual(first);

    await underTest.service.publish(products.events.stockReserved, { orderId: first.id });
    await underTest.service.settled();
    expect(await place(customer, lines)).toMatchObject({ id: first.id, status: OrderStatus.PROCESSING, version: 2 });
    expect(await ordersOf(customer)).toHaveLength(1);
    expect(await publishedFor(customer)).toEqual([first.id]);
  });

  test('returns the first order without checking again whether it can be placed', async () => {
    const first = await place();
    expect((await loadOf(() => place())).requests).toEqual(['order.place']);
    tea.stock = 0;
    expect(await place()).toEqual(first);
    underTest.quotes = underTest.quotes.filter((quote) => quote !== tea);
    expect(await place()).toEqual(first);
    underTest.usersAnswer = underTest.productsAnswer = false;
    expect(await place()).toEqual(first);
  });

  test('is rejected for a different order', async () => {
    await place();
    const others: Line[][] = [
      [[tea, 3]],
      [[cup, 2]],
      [
        [tea, 2],
        [cup, 1],
      ],
    ];
    for (const lines of others)
      expect(await errorOf(place(customer, lines))).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await ordersOf(customer)).toHaveLength(1);
  });

  test('returns the same final error, even if the order could be placed now', async () => {
    tea.stock = 1;
    const refusal = await errorOf(place());
    expect(refusal).toMatchObject({ code: 'INSUFFICIENT_STOCK', details: { shortages: [{ available: 1 }] } });
    tea.stock = 2;
    expect(await errorOf(place())).toEqual(refusal);
    underTest.usersAnswer = underTest.productsAnswer = false;
    expect(await errorOf(place())).toEqual(refusal);
    expect(await errorOf(place(customer, [[tea, 1]]))).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await ordersOf(customer)).toEqual([]);
    underTest.usersAnswer = underTest.productsAnswer = true;
    expect(await place(customer, [[tea, 2]], randomUUID())).toMatchObject({ status: OrderStatus.PENDING });
  });

  test('returns PRICE_CHANGED again, and other expected amounts are a different order', async () => {
    const expecting = (expectedTotal: number | undefined, idempotencyKey: string, expectedPrice?: number) =>
      underTest.client.place({
        caller: customer,
        order: { items: [{ productId: tea.id, quantity: 2, expectedPrice }], expectedTotal, idempotencyKey },
      });
    tea.price = 11;
    const refusal = await errorOf(expecting(20, idempotencyKey));
    expect(refusal).toMatchObject({ code: 'PRICE_CHANGED', details: { total: { expected: 20, actual: 22 } } });
    expect(await ordersOf(customer)).toEqual([]);
    tea.price = 10;
    expect(await errorOf(expecting(20, idempotencyKey))).toEqual(refusal);
    for (const amounts of [expecting(22, idempotencyKey), expecting(undefined, idempotencyKey)])
      expect(await errorOf(amounts)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await errorOf(expecting(20, idempotencyKey, 10))).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });

    const placed = await expecting(20, 'expected');
    expect(await expecting(20.000_000_001, 'expected')).toEqual(placed);
    tea.price = 11;
    expect(await expecting(20, 'expected')).toEqual(placed);
  });

  test('with the hash of an earlier release returns its order', async () => {
    const first = await place();
    const hash = createHash('sha256').update(`${customer.userId}\n${tea.id} 2`).digest('base64url');
    const stored = await underTest.service.database.query('select idempotency_hash from orders where id = $1', [
      first.id,
    ]);
    expect(stored).toEqual([{ idempotency_hash: hash }]);
  });

  test('returns every final error again', async () => {
    const [userId, unknown] = [randomUUID(), underTest.newProduct()];
    underTest.quotes.splice(underTest.quotes.indexOf(unknown), 1);
    const ofNobody = () => place(admin, [[tea, 1]], idempotencyKey, userId);
    const ofNothing = () => place(customer, [[unknown, 1]]);
    expect(await errorOf(ofNobody())).toMatchObject({ code: 'USER_NOT_FOUND' });
    expect(await errorOf(ofNothing())).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    underTest.profiles.set(userId, { version: 1, shipping: home });
    underTest.quotes.push(unknown);
    expect(await errorOf(ofNobody())).toMatchObject({ code: 'USER_NOT_FOUND' });
    expect(await errorOf(ofNothing())).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
  });

  test('places the order if the first attempt had no outcome', async () => {
    underTest.productsAnswer = false;
    expect(await errorOf(place())).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    underTest.productsAnswer = true;
    expect(await place()).toMatchObject({ status: OrderStatus.PENDING });
  });

  test('finds an order of a release without a table of keys', async () => {
    const first = await place();
    await underTest.service.database.query('delete from idempotency_keys');
    expect(await place()).toEqual(first);
    tea.stock = 0;
    expect(await place()).toEqual(first);
    expect(await errorOf(place(customer, [[tea, 1]]))).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });
});

describe('a key', () => {
  test('belongs to the customer, also if an admin uses it for them', async () => {
    const first = await place();
    const other = underTest.newCustomer();
    expect((await place(other)).id).not.toBe(first.id);
    expect(await place(admin, [[tea, 2]], idempotencyKey, customer.userId)).toEqual(first);
    const stranger = place(other, [[tea, 2]], idempotencyKey, customer.userId);
    expect(await errorOf(stranger)).toMatchObject({ code: 'FORBIDDEN' });
  });

  test('is optional: without one, each order is new', async () => {
    expect((await place(customer, [[tea, 1]], null)).id).not.toBe((await place(customer, [[tea, 1]], null)).id);
  });

  test('may be any text', async () => {
    const keys = [
      `'; drop table orders; --`,
      '?',
      ':userId',
      String.raw`\'`,
      '"$1"',
      '🫖'.repeat(100),
      'x'.repeat(255),
    ];
    const placed = await Promise.all(keys.map((key) => place(customer, [[tea, 1]], key)));
    expect(new Set(placed.map(({ id }) => id)).size).toBe(keys.length);
    for (const [i, key] of keys.entries()) expect((await place(customer, [[tea, 1]], key)).id).toBe(placed[i]!.id);
    for (const key of ['', 'x'.repeat(256), 'nul\0'])
      expect(await errorOf(place(customer, [[tea, 1]], key))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('concurrent attempts through two instances', () => {
  beforeAll(() => underTest.service.startInstance(orderService));

  const hundred = (call: (i: number) => Promise<OrderDto>) =>
    Promise.allSettled(Array.from({ length: 100 }, (_, i) => call(i)));

  test('place one order, publish one event and return equal answers', async () => {
    const answers = await hundred(() => place());
    const [first] = await ordersOf(customer);
    expect(answers).toEqual(answers.map(() => ({ status: 'fulfilled', value: first })));
    expect(await ordersOf(customer)).toHaveLength(1);
    expect(await publishedFor(customer)).toEqual([first!.id]);
  });

  test('return the first order even after it has taken the last unit', async () => {
    tea.stock = 2;
    const reserving = eventually(async () => {
      const [first] = await ordersOf(customer);
      tea.stock = first ? 0 : 2;
      expect(first).toBeDefined();
    });
    const answers = await hundred(() => place());
    await reserving;
    const [first] = await ordersOf(customer);
    expect(answers).toEqual(answers.map(() => ({ status: 'fulfilled', value: first })));
  });

  test('for different orders with one key place one and reject the others', async () => {
    const answers = await hundred((i) => place(customer, [[tea, 1 + (i % 4)]]));
    const [first, ...others] = await ordersOf(customer);
    expect(others).toEqual([]);
    const codes = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.id : answer.reason.code));
    expect(codes.filter((code) => code === first!.id)).toHaveLength(25);
    expect(codes.filter((code) => code === 'IDEMPOTENCY_KEY_REUSED')).toHaveLength(75);
  });
});
