import { orders, OrderStatus, products, type Caller, type OrderClient } from '@app/contracts';
import { eventually } from '@app/testing';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { admin, errorOf, home, nowhere, OrderServiceUnderTest } from '../../test/order-service-under-test.js';

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
  customer = underTest.newCustomer(home);
});

describe('an admin', () => {
  const setStatus = (id: string, status: OrderStatus, caller: Caller = admin) =>
    client.updateStatus({ caller, id, status });
  const get = (id: string) => client.get({ caller: admin, id });
  const processing = async (of = customer) => {
    const { id } = await underTest.placeAny(of);
    await service.publish(products.events.stockReserved, { orderId: id });
    await eventually(async () => expect((await get(id))?.status).toBe('PROCESSING'));
    return id;
  };

  test('sets SHIPPED, then DELIVERED, and each change is published', async () => {
    const id = await processing();
    const shipped = await setStatus(id, OrderStatus.SHIPPED);
    expect(shipped).toMatchObject({ status: 'SHIPPED', version: 3 });
    expect(shipped.items).toHaveLength(2);
    expect(await get(id)).toEqual(shipped);
    expect(await setStatus(id, OrderStatus.DELIVERED)).toMatchObject({ status: 'DELIVERED', version: 4 });
    await eventually(() => {
      const order = { orderId: id, userId: customer.userId };
      expect(service.publishedOf(orders.events.shipped)).toContainEqual({ ...order, version: 3 });
      expect(service.publishedOf(orders.events.delivered)).toContainEqual({ ...order, version: 4 });
    });
  });

  test('cannot make illegal transitions, which publish nothing', async () => {
    const { id } = await underTest.placeAny(customer);
    for (const status of Object.values(OrderStatus))
      expect(await errorOf(setStatus(id, status))).toMatchObject({
        code: 'ORDER_STATUS_CONFLICT',
        details: { status: 'PENDING' },
      });
    const homeless = await processing(underTest.newCustomer(nowhere));
    expect(await errorOf(setStatus(homeless, OrderStatus.SHIPPED))).toMatchObject({ code: 'SHIPPING_ADDRESS_MISSING' });
    expect(await errorOf(setStatus(randomUUID(), OrderStatus.SHIPPED))).toMatchObject({ code: 'ORDER_NOT_FOUND' });
    expect(await get(homeless)).toMatchObject({ status: 'PROCESSING', version: 2 });
    await service.settled();
    expect(
      service.publishedOf(orders.events.shipped).filter(({ orderId }) => [id, homeless].includes(orderId)),
    ).toEqual([]);
  });

  test('who sets or cancels a second time changes and publishes nothing', async () => {
    const id = await processing();
    const shipped = await setStatus(id, OrderStatus.SHIPPED);
    expect(await errorOf(setStatus(id, OrderStatus.SHIPPED))).toMatchObject({ code: 'ORDER_STATUS_CONFLICT' });
    expect(await get(id)).toEqual(shipped);
    const other = await processing();
    const cancelled = await client.cancel({ caller: customer, id: other });
    expect(await errorOf(client.cancel({ caller: admin, id: other }))).toMatchObject({ code: 'ORDER_STATUS_CONFLICT' });
    expect(await get(other)).toEqual(cancelled);
    await service.settled();
    const eventsOf = (orderId: string) =>
      [orders.events.shipped, orders.events.cancelled].flatMap((event) =>
        service.publishedOf(event).filter((published) => published.orderId === orderId),
      );
    await eventually(() => expect([...eventsOf(id), ...eventsOf(other)]).toHaveLength(2));
  });

  test('is the only one who may set a status', async () => {
    const id = await processing();
    expect(await errorOf(setStatus(id, OrderStatus.SHIPPED, customer))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await get(id)).toMatchObject({ status: 'PROCESSING' });
  });

  test('ships an order once under concurrency, and either ships or cancels it', async () => {
    const [often, contested] = [await processing(), await processing()];
    const codes = await Promise.all(Array.from({ length: 10 }, () => errorOf(setStatus(often, OrderStatus.SHIPPED))));
    expect(codes.filter((error) => error?.code === 'ORDER_STATUS_CONFLICT')).toHaveLength(9);
    expect(await get(often)).toMatchObject({ status: 'SHIPPED', version: 3 });

    const refusals = await Promise.all([
      errorOf(setStatus(contested, OrderStatus.SHIPPED)),
      errorOf(client.cancel({ caller: customer, id: contested })),
    ]);
    expect(refusals.filter((error) => error?.code === 'ORDER_STATUS_CONFLICT')).toHaveLength(1);
  });
});
