import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { MAX_READDRESSED, mayActFor, type OrderDto, orders, OrderStatus, Role } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LiveClient } from '../../../../test/live-client.js';
import { order, user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import type { OrderListener } from './order-listener.js';
import { OrderUpdates } from './order-updates.js';

let gateway: GatewayUnderTest;
/** The orders of the order service. */
let stored: Map<string, OrderDto>;
let beforeReply: () => Promise<unknown> | void;
let clients: LiveClient[];
let jane = user();

beforeEach(async () => {
  stored = new Map();
  beforeReply = () => {};
  clients = [];
  jane = user();
  gateway = await GatewayUnderTest.start(
    {
      user: { getMany: async () => [jane] },
      order: {
        get: async ({ caller, id }) => {
          await beforeReply();
          const found = stored.get(id);
          return found && mayActFor(caller, found.userId) ? found : null;
        },
      },
    },
    { PORT: 0 },
  );
});

afterEach(async () => {
  for (const client of clients) await client.close();
  await gateway.close();
});

function connect(token: string): LiveClient {
  const { port } = gateway.app.getHttpServer().address() as AddressInfo;
  const client = new LiveClient(`http://127.0.0.1:${port}`, token);
  clients.push(client);
  return client;
}

/** Stores an order and publishes its event, as the order service does. */
async function change(event: keyof typeof orders.events, changed: OrderDto): Promise<OrderDto> {
  stored.set(changed.id, changed);
  const { id: orderId, userId, version } = changed;
  const lines = [{ productId: randomUUID(), quantity: 1 }];
  if (event === 'readdressed') await gateway.publish(orders.events[event], { userId, orders: [{ orderId, version }] });
  else await gateway.publish(orders.events[event], { orderId, userId, version, ...(event === 'placed' && { lines }) });
  return changed;
}

const placed = (userId: string) => change('placed', order({ userId }));

describe('orderUpdated', () => {
  it('delivers every kind of change', async () => {
    const client = connect(gateway.signIn(jane.id));
    const updates = client.subscribe<OrderDto>('subscription { orderUpdated { id status shippingAddress } }');
    await client.listening();
    const { id, ...first } = await placed(jane.id);
    const changes = [
      ['processing', { status: OrderStatus.PROCESSING }],
      ['readdressed', { status: OrderStatus.PROCESSING, shippingAddress: '1 High Street' }],
      ['shipped', { status: OrderStatus.SHIPPED }],
      ['delivered', { status: OrderStatus.DELIVERED }],
      ['cancelled', { status: OrderStatus.CANCELLED }],
    ] as const;
    const expected = [{ id, status: 'PENDING', shippingAddress: '' }];
    for (const [index, [event, changed]] of changes.entries()) {
      await eventually(() => expect(updates.received).toEqual(expected));
      await change(event, { id, ...first, ...changed, version: index + 2 });
      expected.push({ id, shippingAddress: '', ...changed });
    }
    await eventually(() => expect(updates.received).toEqual(expected));
  });

  it('delivers all orders that one event names, to their customer and to subscribers of one of them', async () => {
    const changed = Array.from({ length: MAX_READDRESSED }, () => order({ userId: jane.id, version: 2 }));
    for (const each of changed) stored.set(each.id, each);
    const last = changed.at(-1)!.id;
    const [hers, admins] = [connect(gateway.signIn(jane.id)), connect(gateway.signIn(randomUUID(), Role.ADMIN))];
    const [ofHers, ofAdmins] = [hers.orders(), admins.orders(last)];
    await hers.listening();
    await admins.listening();
    for (const each of changed) stored.set(each.id, { ...each, status: OrderStatus.PROCESSING, version: 3 });
    await gateway.publish(orders.events.readdressed, {
      userId: jane.id,
      orders: changed.map(({ id: orderId }) => ({ orderId, version: 3 })),
    });
    await eventually(() => expect(ofHers.received).toHaveLength(MAX_READDRESSED));
    expect(new Set(ofHers.received.map(({ id }) => id))).toEqual(new Set(changed.map(({ id }) => id)));
    await eventually(() => expect(ofAdmins.received).toEqual([{ id: last, status: 'PROCESSING' }]));
  });

  it('delivers own orders only, also to admins', async () => {
    const admin = user();
    const [hers, others] = [connect(gateway.signIn(jane.id)), connect(gateway.signIn(admin.id, Role.ADMIN))];
    const [ofHers, ofOthers] = [hers.orders(), others.orders()];
    await hers.listening();
    await others.listening();
    const first = await placed(jane.id);
    const second = await placed(admin.id);
    await eventually(() =>
      expect([ofHers.received, ofOthers.received].map((received) => received.length)).toEqual([1, 1]),
    );
    expect(ofHers.received).toEqual([{ id: first.id, status: 'PENDING' }]);
    expect(ofOthers.received).toEqual([{ id: second.id, status: 'PENDING' }]);
  });

  it('delivers one order to its customer and to admins', async () => {
    const named = await placed(jane.id);
    const [hers, admins] = [connect(gateway.signIn(jane.id)), connect(gateway.signIn(randomUUID(), Role.ADMIN))];
    const updates = [hers.orders(named.id.toUpperCase()), admins.orders(named.id)];
    await hers.listening();
    await admins.listening();
    await placed(jane.id);
    await change('processing', { ...named, status: OrderStatus.PROCESSING, version: 2 });
    const expected = [{ id: named.id, status: 'PROCESSING' }];
    await eventually(() => expect(updates.map((each) => each.received)).toEqual([expected, expected]));
  });

  it('does not miss a change during the lookup of the order', async () => {
    const named = await placed(jane.id);
    beforeReply = () => {
      beforeReply = () => {};
      return change('processing', { ...named, status: OrderStatus.PROCESSING, version: 2 });
    };
    const updates = connect(gateway.signIn(jane.id)).orders(named.id);
    await eventually(() => expect(updates.received).toEqual([{ id: named.id, status: 'PROCESSING' }]));
  });

  it('refuses an unknown order, an order of another customer, and an id of another form', async () => {
    const { id } = await placed(jane.id);
    const listen = jest.spyOn(gateway.app.get(OrderUpdates), 'listen');
    const client = connect(gateway.signIn(randomUUID()));
    const refusals = [client.orders(id), client.orders(randomUUID()), client.orders('x'), client.orders('')];
    await eventually(() => expect(refusals.every(({ isOver }) => isOver)).toBe(true));
    expect(refusals.map(({ code }) => code)).toEqual([
      'ORDER_NOT_FOUND',
      'ORDER_NOT_FOUND',
      'ORDER_NOT_FOUND',
      'ORDER_NOT_FOUND',
    ]);
    expect(refusals[0]?.errors[0]?.message).toBe(refusals[1]?.errors[0]?.message);
    // No listener is left.
    for (const { value: listener } of listen.mock.results as { value: OrderListener }[])
      expect(await listener.next()).toEqual({ value: undefined, done: true });
  });

  it('resolves the nested fields again for each update', async () => {
    const client = connect(gateway.signIn(jane.id));
    const updates = client.subscribe('subscription { orderUpdated { status user { name email } } }');
    await client.listening();
    const first = await placed(jane.id);
    await eventually(() => expect(updates.received).toHaveLength(1));
    jane.name = 'Jane Doe';
    await change('processing', { ...first, status: OrderStatus.PROCESSING, version: 2 });
    await eventually(() => expect(updates.received).toHaveLength(2));
    expect(updates.received).toEqual([
      { status: 'PENDING', user: { name: 'Jane', email: 'jane@example.com' } },
      { status: 'PROCESSING', user: { name: 'Jane Doe', email: 'jane@example.com' } },
    ]);
  });

  it('sends no requests after the client has unsubscribed', async () => {
    const client = connect(gateway.signIn(jane.id));
    const [ended, open] = [client.orders(), client.orders()];
    await client.listening();
    await placed(jane.id);
    await eventually(() => expect([ended.received, open.received].map((received) => received.length)).toEqual([1, 1]));
    ended.end();
    open.end();
    await client.listening();
    const before = gateway.requests.length;
    await placed(jane.id);
    await client.listening();
    expect(gateway.requests.slice(before)).toEqual(['order.get']);
    expect([ended.received, open.received].map((received) => received.length)).toEqual([1, 1]);
  });
});
