import { CancelReason, orders, products, Role, users, type Caller, type OrderClient } from '@app/contracts';
import { eventually } from '@app/testing';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { admin, errorOf, home, nowhere, OrderServiceUnderTest, type Line } from '../test/order-service-under-test.js';

const tea = { id: randomUUID(), price: 0.1, stock: 100 };
const cup = { id: randomUUID(), price: 19.99, stock: 2, name: 'Cup', sellerId: randomUUID() };

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
  underTest.usersAnswer = underTest.summariesAnswer = true;
});

const place = (lines: Line[] = [[tea, 1]], userId?: string | null, caller = customer) =>
  underTest.place(caller, lines, { userId });
const get = (id: string) => client.get({ caller: customer, id });

describe('placing', () => {
  test('stores the order with the current prices and publishes it', async () => {
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
        { productId: tea.id, quantity: 3, price: 0.1, productName: null, sellerId: null },
        { productId: cup.id, quantity: 2, price: 19.99, productName: 'Cup', sellerId: cup.sellerId },
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

  test('rejects invalid orders and stores nothing', async () => {
    const [deleted, unknown] = [randomUUID(), randomUUID()];
    underTest.summaries = [{ id: deleted, name: 'Vase', sellerId: randomUUID() }];
    const rejection = place([
      [tea, 1],
      [{ id: deleted }, 1],
      [{ id: unknown }, 1],
    ]);
    expect(await errorOf(rejection)).toMatchObject({
      code: 'PRODUCT_NOT_FOUND',
      message: `"Vase" is no longer sold; Product ${unknown} does not exist`,
      details: { productIds: [deleted, unknown] },
    });
    underTest.summariesAnswer = false;
    expect(await errorOf(place([[{ id: deleted }, 1]]))).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    expect(await errorOf(place([[cup, 3]]))).toMatchObject({
      code: 'INSUFFICIENT_STOCK',
      message: 'Only 2 of "Cup" are left',
      details: { shortages: [{ productId: cup.id, requested: 3, available: 2 }] },
    });
    expect(await errorOf(place([]))).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await errorOf(place([[tea, 1]], randomUUID()))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await errorOf(place([[tea, 1]], randomUUID(), admin))).toMatchObject({ code: 'USER_NOT_FOUND' });
    expect(await client.list({ caller: customer })).toEqual([]);
  });

  test('is for the caller by default; only admins place orders for others', async () => {
    expect(await place([[tea, 1]], null)).toMatchObject({ userId: customer.userId });
    expect(await place([[tea, 1]], customer.userId, admin)).toMatchObject({ userId: customer.userId });
  });

  test('uses the copy of the customer while the user service does not answer', async () => {
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

describe('the decision about the stock', () => {
  test('makes the order PROCESSING or CANCELLED, and publishes it', async () => {
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

  test('leaves a cancelled order cancelled', async () => {
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

  test('is retried if the order does not exist yet', async () => {
    const [orderId, { id }] = [randomUUID(), await place()];
    await service.publish(products.events.stockReserved, { orderId });
    await sleep(500);
    await service.database.query('delete from order_items where order_id = $1', [id]);
    await service.database.query('update orders set id = $2 where id = $1', [id, orderId]);
    await eventually(async () => expect(await get(orderId)).toMatchObject({ status: 'PROCESSING' }));
  });
});

describe('an order', () => {
  test('is seen and cancelled only by its customer and admins, and cancelled once', async () => {
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

  test('is listed for its customer and for admins, newest first', async () => {
    const [older, newer] = [await place(), await place()];
    expect((await client.list({ caller: customer })).map(({ id }) => id)).toEqual([newer.id, older.id]);
    expect((await client.list({ caller: admin })).map(({ id }) => id)).toEqual(
      expect.arrayContaining([older.id, newer.id]),
    );
  });

  test('is found by its id only by its customer and admins', async () => {
    const { id } = await place();
    const stranger = { userId: randomUUID(), role: Role.CUSTOMER };
    const found = async (caller: Caller) =>
      (await client.getMany({ caller, ids: [id, randomUUID()] })).map(({ id }) => id);
    expect(await found(customer)).toEqual([id]);
    expect(await found(admin)).toEqual([id]);
    expect(await found(stranger)).toEqual([]);
  });
});
