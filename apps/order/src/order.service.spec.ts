import { AppError, CancelReason, orders, products, Role, users, type OrderClient, type UserDto } from '@app/contracts';
import { eventually, ServiceUnderTest } from '@app/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { orderService } from './order.module.js';

const tea = { id: randomUUID(), price: 0.1, stock: 100 };
const cup = { id: randomUUID(), price: 19.99, stock: 2 };
const admin = { userId: randomUUID(), role: Role.ADMIN };
const nowhere = { shippingAddress: '', pincode: '', city: '', country: '', phoneNumber: '' };
const home = { shippingAddress: '1 Main St', pincode: '12345', city: 'Town', country: 'NL', phoneNumber: '1' };
const work = { ...home, shippingAddress: '2 Office Rd' };

/** What the user service would say; a test sets it. */
let profiles: Map<string, { version: number; shipping: typeof home }>;
let usersAnswer: boolean;
let service: ServiceUnderTest;
let client: OrderClient;
let customer: { userId: string; role: Role };

beforeAll(async () => {
  service = await ServiceUnderTest.start(orderService, {
    user: {
      getMany: async ({ ids }) => {
        if (!usersAnswer) throw new AppError('SERVICE_UNAVAILABLE', 'The user service is away');
        return ids.filter((id) => profiles.has(id)).map((id) => userDto(id));
      },
    },
    product: { quote: async ({ ids }) => [tea, cup].filter(({ id }) => ids.includes(id)) },
  });
  client = service.client(orders);
});
afterAll(() => service.close());

beforeEach(() => {
  customer = { userId: randomUUID(), role: Role.CUSTOMER };
  profiles = new Map([[customer.userId, { version: 1, shipping: nowhere }]]);
  usersAnswer = true;
});

function userDto(id: string): UserDto {
  const { version, shipping } = profiles.get(id)!;
  const profile = { bio: '', ...shipping };
  return {
    id,
    name: 'A',
    email: 'a@example.com',
    role: Role.CUSTOMER,
    profile,
    createdAt: '2026-01-01T00:00:00Z',
    version,
  };
}

const place = (lines: [{ id: string }, number][] = [[tea, 1]], userId?: string, caller = customer) =>
  client.place({
    caller,
    order: { userId, items: lines.map(([{ id }, quantity]) => ({ productId: id, quantity })) },
  });
const get = (id: string) => client.get({ caller: customer, id });
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: AppError) => error,
  );

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
      expect(service.toldOf(orders.events.placed)).toContainEqual({
        orderId: order.id,
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

  test('for somebody else is for admins', async () => {
    expect(await place([[tea, 1]], customer.userId, admin)).toMatchObject({ userId: customer.userId });
  });

  test('goes on with what is known of the customer while the user service does not answer', async () => {
    usersAnswer = false;
    expect(await errorOf(place())).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await service.tell(users.events.registered, {
      userId: customer.userId,
      version: 1,
      registeredAt: '2026-01-01T00:00:00Z',
    });
    await service.tell(users.events.profileUpdated, { userId: customer.userId, version: 2, ...home });
    await service.settled();
    expect(await place()).toMatchObject({ status: 'PENDING', ...home });
  });
});

describe('stock', () => {
  test('that was reserved makes an order PROCESSING, that was rejected CANCELLED; each is told', async () => {
    const [reserved, rejected] = [await place(), await place()];
    await service.tell(products.events.stockReserved, { orderId: reserved.id });
    await service.tell(products.events.stockReserved, { orderId: reserved.id });
    await service.tell(products.events.stockRejected, { orderId: rejected.id, reason: CancelReason.OUT_OF_STOCK });
    await service.settled();
    expect(await get(reserved.id)).toMatchObject({ status: 'PROCESSING', cancelReason: null });
    expect(await get(rejected.id)).toMatchObject({ status: 'CANCELLED', cancelReason: 'OUT_OF_STOCK' });
    await eventually(() => {
      const { userId } = customer;
      expect(service.toldOf(orders.events.processing)).toContainEqual({ orderId: reserved.id, userId, version: 2 });
      expect(service.toldOf(orders.events.cancelled)).toContainEqual({ orderId: rejected.id, userId, version: 2 });
    });
  });

  test('that is reserved for an order that was cancelled meanwhile leaves it cancelled', async () => {
    const order = await place();
    expect(await client.cancel({ caller: customer, id: order.id })).toMatchObject({
      status: 'CANCELLED',
      cancelReason: 'BY_CUSTOMER',
      items: order.items,
    });
    await service.tell(products.events.stockReserved, { orderId: order.id });
    await service.settled();
    expect(await get(order.id)).toMatchObject({ status: 'CANCELLED', cancelReason: 'BY_CUSTOMER' });
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
});

describe('an address', () => {
  const tellOf = (version: number, shipping: typeof home) =>
    service.tell(users.events.profileUpdated, { userId: customer.userId, version, ...shipping });

  test('that changes reaches the orders that have not left, the newest version whatever order they are heard in', async () => {
    const [open, gone] = [await place(), await place()];
    await service.database.query(`update orders set status = 'SHIPPED' where id = $1`, [gone.id]);
    await tellOf(3, work);
    await service.settled();
    await tellOf(2, home);
    await service.settled();
    expect(await get(open.id)).toMatchObject(work);
    expect(await get(gone.id)).toMatchObject(nowhere);
  });

  test('that an order brought along itself still reaches the older orders', async () => {
    const older = await place();
    profiles.set(customer.userId, { version: 2, shipping: home });
    expect(await place()).toMatchObject(home);
    await tellOf(2, home);
    await service.settled();
    expect(await get(older.id)).toMatchObject(home);
  });

  test('that was read before it changed is not what an order keeps', async () => {
    await tellOf(2, work);
    await service.settled();
    profiles.set(customer.userId, { version: 1, shipping: home });
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
