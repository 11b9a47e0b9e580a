import { CancelReason, orders, products, Role, users, type Caller, type OrderClient } from '@app/contracts';
import { eventually, type ServiceUnderTest } from '@app/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { admin, errorOf, home, nowhere, OrderServiceUnderTest, type Line } from '../test/order-service-under-test.js';

const work = { ...home, shippingAddress: '2 Office Rd' };
const tea = { id: randomUUID(), price: 0.1, stock: 100 };
const cup = { id: randomUUID(), price: 19.99, stock: 2 };

let underTest: OrderServiceUnderTest;
let service: ServiceUnderTest;
let client: OrderClient;
let customer: Caller;

beforeAll(async () => {
  underTest = await OrderServiceUnderTest.start();
  ({ service, client } = underTest);
  underTest.quotes = [tea, cup];
});
afterAll(() => underTest.close());

beforeEach(() => {
  customer = underTest.newCustomer();
  underTest.usersAnswer = true;
});

const place = (lines: Line[] = [[tea, 1]], userId?: string | null, caller = customer) =>
  underTest.place(caller, lines, { userId });
const get = (id: string) => client.get({ caller: customer, id });

describe('placing', () => {
  test('stores the order with the prices of the moment, and tells of it', async () => {
    const order = await place([
      [tea, 3],
      [cup, 2],
    ]);
    expect(order).toMatchObject({
      userId: customer.userId,
      status: 'PENDING',
      cancelReason: null,
      total: 40.28,
      items: [
        { productId: tea.id, quantity: 3, price: 0.1 },
        { productId: cup.id, quantity: 2, price: 19.99 },
      ],
      ...nowhere,
    });
    expect(await get(order.id)).toEqual(order);
    await eventually(() =>
      expect(service.publishedOf(orders.events.placed)).toContainEqual({
        orderId: order.id,
        userId: customer.userId,
        version: 1,
        lines: [
          { productId: tea.id, quantity: 3 },
          { productId: cup.id, quantity: 2 },
        ],
      }),
    );
  });

  test('refuses what cannot work, and stores nothing', async () => {
    expect(await errorOf(place([[{ id: randomUUID() }, 1]]))).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    expect(await errorOf(place([[cup, 3]]))).toMatchObject({
      code: 'INSUFFICIENT_STOCK',
      details: { shortages: [{ productId: cup.id, requested: 3, available: 2 }] },
    });
    expect(await errorOf(place([]))).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await errorOf(place([[tea, 1]], randomUUID()))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await errorOf(place([[tea, 1]], randomUUID(), admin))).toMatchObject({ code: 'USER_NOT_FOUND' });
    expect(await client.list({ caller: customer })).toEqual([]);
  });

  test('is for the caller where no other is named; for somebody else it is for admins', async () => {
    expect(await place([[tea, 1]], null)).toMatchObject({ userId: customer.userId });
    expect(await place([[tea, 1]], customer.userId, admin)).toMatchObject({ userId: customer.userId });
  });

  test('goes on with what is known of the customer while the user service does not answer', async () => {
    underTest.usersAnswer = false;
    expect(await errorOf(place())).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await service.publish(users.events.registered, {
      userId: customer.userId,
      version: 1,
      registeredAt: '2026-01-01T00:00:00Z',
    });
    await service.publish(users.events.profileUpdated, { userId: customer.userId, version: 2, ...home });
    await service.settled();
    expect(await place()).toMatchObject({ status: 'PENDING', ...home });
  });
});

describe('stock', () => {
  test('that was reserved makes an order PROCESSING, that was rejected CANCELLED; each is told', async () => {
    const [reserved, rejected] = [await place(), await place()];
    await service.publish(products.events.stockReserved, { orderId: reserved.id });
    await service.publish(products.events.stockReserved, { orderId: reserved.id });
    await service.publish(products.events.stockRejected, { orderId: rejected.id, reason: CancelReason.OUT_OF_STOCK });
    await service.settled();
    expect(await get(reserved.id)).toMatchObject({ status: 'PROCESSING', cancelReason: null });
    expect(await get(rejected.id)).toMatchObject({ status: 'CANCELLED', cancelReason: 'OUT_OF_STOCK' });
    await eventually(() => {
      const { userId } = customer;
      expect(service.publishedOf(orders.events.processing)).toContainEqual({
        orderId: reserved.id,
        userId,
        version: 2,
      });
      expect(service.publishedOf(orders.events.cancelled)).toContainEqual({ orderId: rejected.id, userId, version: 2 });
    });
  });

  test('that is reserved for an order that was cancelled meanwhile leaves it cancelled', async () => {
    const order = await place();
    expect(await client.cancel({ caller: customer, id: order.id })).toMatchObject({
      status: 'CANCELLED',
      cancelReason: 'BY_CUSTOMER',
      items: order.items,
    });
    await service.publish(products.events.stockReserved, { orderId: order.id });
    await service.settled();
    expect(await get(order.id)).toMatchObject({ status: 'CANCELLED', cancelReason: 'BY_CUSTOMER' });
  });

  test('that is decided on for an order that is not there is tried again, not forgotten', async () => {
    const [orderId, { id }] = [randomUUID(), await place()];
    await service.publish(products.events.stockReserved, { orderId });
    await sleep(500);
    await service.database.query('delete from order_items where order_id = $1', [id]);
    await service.database.query('update orders set id = $2 where id = $1', [id, orderId]);
    await eventually(async () => expect(await get(orderId)).toMatchObject({ status: 'PROCESSING' }));
  });
});

describe('an order', () => {
  test('is cancelled by its customer or an admin, once, and is nobody else’s to see or cancel', async () => {
    const [own, admins] = [await place(), await place()];
    const stranger = { userId: randomUUID(), role: Role.CUSTOMER };
    expect(await client.get({ caller: stranger, id: own.id })).toBeNull();
    expect(await errorOf(client.cancel({ caller: stranger, id: own.id }))).toMatchObject({ code: 'ORDER_NOT_FOUND' });
    await client.cancel({ caller: customer, id: own.id });
    expect(await errorOf(client.cancel({ caller: customer, id: own.id }))).toMatchObject({
      code: 'ORDER_STATUS_CONFLICT',
      details: { status: 'CANCELLED' },
    });
    expect(await client.cancel({ caller: admin, id: admins.id })).toMatchObject({ cancelReason: 'BY_ADMIN' });
  });

  test('is listed for its customer newest first, and for admins among all', async () => {
    const [older, newer] = [await place(), await place()];
    expect((await client.list({ caller: customer })).map(({ id }) => id)).toEqual([newer.id, older.id]);
    expect((await client.list({ caller: admin })).map(({ id }) => id)).toEqual(
      expect.arrayContaining([older.id, newer.id]),
    );
  });

  test('is found by its id by its customer and by admins alone', async () => {
    const { id } = await place();
    const stranger = { userId: randomUUID(), role: Role.CUSTOMER };
    const found = async (caller: Caller) =>
      (await client.getMany({ caller, ids: [id, randomUUID()] })).map(({ id }) => id);
    expect(await found(customer)).toEqual([id]);
    expect(await found(admin)).toEqual([id]);
    expect(await found(stranger)).toEqual([]);
  });
});

describe('an address', () => {
  const tellOf = (version: number, shipping: typeof home) =>
    service.publish(users.events.profileUpdated, { userId: customer.userId, version, ...shipping });

  test('that changes reaches the orders that have not left, the newest version whatever order they are heard in', async () => {
    const [open, gone] = [await place(), await place()];
    await service.database.query(`update orders set status = 'SHIPPED' where id = $1`, [gone.id]);
    await tellOf(3, work);
    await service.settled();
    await tellOf(2, home);
    await service.settled();
    expect(await get(open.id)).toMatchObject({ ...work, version: 2 });
    expect(await get(gone.id)).toMatchObject({ ...nowhere, version: 1 });
  });

  /** As many more open orders of the customer as one that is there. */
  const multiply = (id: string, count: number) =>
    service.database.query(
      `insert into orders (id, user_id, status, total_cents, shipping, shipping_version, version, created_at, updated_at)
       select gen_random_uuid(), user_id, status, total_cents, shipping, shipping_version, version, created_at, updated_at
       from orders, generate_series(1, $2) where id = $1`,
      [id, count],
    );
  const ordersOf = (userId: string) =>
    service.database.query<{ orderId: string; version: number; city: string }>(
      `select id as "orderId", version, shipping->>'city' as city from orders where user_id = $1`,
      [userId],
    );
  const readdressed = () =>
    service.publishedOf(orders.events.readdressed).filter((event) => event.userId === customer.userId);

  test('that changes is published once for all the orders that take it, in portions of a thousand', async () => {
    const { id, updatedAt } = await place();
    await multiply(id, 2_499);
    await tellOf(2, home);
    await tellOf(2, home);
    await service.settled();
    await eventually(() => expect(readdressed().map((event) => event.orders.length)).toEqual([1_000, 1_000, 500]));
    const named = readdressed().flatMap((event) => event.orders);
    expect(new Set(named.map(({ orderId }) => orderId)).size).toBe(2_500);
    expect(named.every(({ version }) => version === 2)).toBe(true);
    expect(Date.parse((await get(id))!.updatedAt)).toBeGreaterThan(Date.parse(updatedAt));
  });

  test('that changes 40 times reaches 500 open orders by 40 events at most', async () => {
    await multiply((await place()).id, 499);
    const versions = Array.from({ length: 40 }, (_, i) => i + 2);
    await Promise.all(versions.map((version) => tellOf(version, { ...home, city: `Town ${version}` })));
    await service.settled();
    expect(readdressed().length).toBeLessThanOrEqual(40);
    const newest = new Map<string, number>();
    const open = await ordersOf(customer.userId);
    expect(new Set(open.map(({ city }) => city))).toEqual(new Set(['Town 41']));
    await eventually(() => {
      for (const { orderId, version } of readdressed().flatMap((event) => event.orders))
        newest.set(orderId, Math.max(version, newest.get(orderId) ?? 0));
      expect(newest).toEqual(new Map(open.map(({ orderId, version }) => [orderId, version])));
    });
  });

  test('that is older than what is known, or that orders have already, changes and publishes nothing', async () => {
    const { id } = await place();
    await tellOf(5, work);
    await service.settled();
    await tellOf(4, home);
    await tellOf(6, work);
    await service.settled();
    expect(await get(id)).toMatchObject({ ...work, version: 2 });
    await eventually(() => expect(readdressed()).toHaveLength(1));
  });

  test('reaches older orders though a later change, of something else, was seen first', async () => {
    const older = await place();
    // Version 3 changed only the name, which publishes nothing.
    underTest.profiles.set(customer.userId, { version: 3, shipping: home });
    await place();
    await tellOf(2, home);
    await service.settled();
    expect(await get(older.id)).toMatchObject(home);
  });

  test('that an order brought along itself still reaches the older orders', async () => {
    const older = await place();
    underTest.profiles.set(customer.userId, { version: 2, shipping: home });
    expect(await place()).toMatchObject(home);
    await tellOf(2, home);
    await service.settled();
    expect(await get(older.id)).toMatchObject(home);
  });

  test('that was read before it changed is not what an order keeps', async () => {
    await tellOf(2, work);
    await service.settled();
    underTest.profiles.set(customer.userId, { version: 1, shipping: home });
    expect(await place()).toMatchObject(work);
  });

  test('that changes while orders are being placed reaches every one of them', async () => {
    const placing = Promise.all(Array.from({ length: 40 }, () => place()));
    await tellOf(2, work);
    const placed = await placing;
    await service.settled();
    const addresses = await Promise.all(placed.map(async ({ id }) => (await get(id))?.shippingAddress));
    expect(new Set(addresses)).toEqual(new Set([work.shippingAddress]));
  });
});
