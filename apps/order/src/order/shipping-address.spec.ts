import { orders, users, type Caller, type OrderClient } from '@app/contracts';
import { eventually } from '@app/testing';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { home, nowhere, OrderServiceUnderTest } from '../../test/order-service-under-test.js';

const work = { ...home, shippingAddress: '2 Office Rd' };

let underTest: OrderServiceUnderTest;
let service: ServiceUnderTest;
let client: OrderClient;
let customer: Caller;

beforeAll(async () => {
  underTest = await OrderServiceUnderTest.start();
  ({ service, client } = underTest);
});
afterAll(() => underTest.close());

beforeEach(() => {
  customer = underTest.newCustomer();
});

const place = () => underTest.placeAny(customer);
const get = (id: string) => client.get({ caller: customer, id });

describe('a new address of a customer', () => {
  const updateProfile = (version: number, shipping: typeof home) =>
    service.publish(users.events.profileUpdated, { userId: customer.userId, version, ...shipping });

  test('is applied to open orders, the newest version whatever order the events arrive in', async () => {
    const [open, shipped] = [await place(), await place()];
    await service.database.query(`update orders set status = 'SHIPPED' where id = $1`, [shipped.id]);
    await updateProfile(3, work);
    await service.settled();
    await updateProfile(2, home);
    await service.settled();
    expect(await get(open.id)).toMatchObject({ ...work, version: 2 });
    expect(await get(shipped.id)).toMatchObject({ ...nowhere, version: 1 });
  });

  /** Inserts copies of an order. */
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

  test('is published once for all orders that take it, in portions of a thousand', async () => {
    const { id, updatedAt } = await place();
    await multiply(id, 2_499);
    await updateProfile(2, home);
    await updateProfile(2, home);
    await service.settled();
    await eventually(() => expect(readdressed().map((event) => event.orders.length)).toEqual([1_000, 1_000, 500]));
    const named = readdressed().flatMap((event) => event.orders);
    expect(new Set(named.map(({ orderId }) => orderId)).size).toBe(2_500);
    expect(named.every(({ version }) => version === 2)).toBe(true);
    expect(Date.parse((await get(id))!.updatedAt)).toBeGreaterThan(Date.parse(updatedAt));
  });

  test('that changes 40 times takes at most 40 events for 500 open orders', async () => {
    await multiply((await place()).id, 499);
    const versions = Array.from({ length: 40 }, (_, i) => i + 2);
    await Promise.all(versions.map((version) => updateProfile(version, { ...home, city: `Town ${version}` })));
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

  test('changes and publishes nothing if it is outdated or the orders already have it', async () => {
    const { id } = await place();
    await updateProfile(5, work);
    await service.settled();
    await updateProfile(4, home);
    await updateProfile(6, work);
    await service.settled();
    expect(await get(id)).toMatchObject({ ...work, version: 2 });
    await eventually(() => expect(readdressed()).toHaveLength(1));
  });

  test('is applied to older orders even after a newer version without a change of address', async () => {
    const older = await place();
    // Version 3 changed only the name, which is not published.
    underTest.profiles.set(customer.userId, { version: 3, shipping: home });
    await place();
    await updateProfile(2, home);
    await service.settled();
    expect(await get(older.id)).toMatchObject(home);
  });

  test('that was fetched for a new order is still applied to the older orders', async () => {
    const older = await place();
    underTest.profiles.set(customer.userId, { version: 2, shipping: home });
    expect(await place()).toMatchObject(home);
    await updateProfile(2, home);
    await service.settled();
    expect(await get(older.id)).toMatchObject(home);
  });

  test('replaces an outdated address that was fetched for an order', async () => {
    await updateProfile(2, work);
    await service.settled();
    underTest.profiles.set(customer.userId, { version: 1, shipping: home });
    expect(await place()).toMatchObject(work);
  });

  test('is applied to every order that is placed at the same time', async () => {
    const placing = Promise.all(Array.from({ length: 40 }, () => place()));
    await updateProfile(2, work);
    const placed = await placing;
    await service.settled();
    const addresses = await Promise.all(placed.map(async ({ id }) => (await get(id))?.shippingAddress));
    expect(new Set(addresses)).toEqual(new Set([work.shippingAddress]));
  });
});
