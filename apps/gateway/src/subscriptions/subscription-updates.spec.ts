import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type OrderDto, orders } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LiveClient } from '../../../../test/live-client.js';
import { order, product, user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const WITH_USER = 'subscription { orderUpdated { id user { name } } }';
const MAX_UPDATE_BYTES = 256 * 1024;

const jane = user();
let gateway: GatewayUnderTest;
let stored: Map<string, OrderDto>;
let clients: LiveClient[];
/** Called for each request for users. */
let loadUsers: () => Promise<void>;

beforeEach(async () => {
  stored = new Map();
  clients = [];
  loadUsers = async () => {};
  gateway = await GatewayUnderTest.start(
    {
      user: {
        getMany: async () => {
          await loadUsers();
          return [jane];
        },
      },
      order: { get: async ({ id }) => stored.get(id) ?? null },
      product: { getMany: async ({ ids }) => ids.map((id) => product({ id, name: '\u4e00'.repeat(200) })) },
    },
    { PORT: 0 },
  );
});

afterEach(async () => {
  for (const client of clients) await client.close();
  await gateway.close();
});

async function connect(): Promise<LiveClient> {
  const { port } = gateway.app.getHttpServer().address() as AddressInfo;
  const client = new LiveClient(`http://127.0.0.1:${port}`, gateway.signIn(jane.id));
  clients.push(client);
  await client.listening();
  return client;
}

async function change(changed: OrderDto): Promise<void> {
  stored.set(changed.id, changed);
  const { id: orderId, userId, version } = changed;
  await gateway.publish(orders.events.processing, { orderId, userId, version });
}

/** Holds requests for users back until `release` is called. */
function holdLoads() {
  const held: (() => void)[] = [];
  let isHeld = true;
  loadUsers = () => (isHeld ? new Promise((resolve) => held.push(resolve)) : Promise.resolve());
  const release = () => {
    isHeld = false;
    held.forEach((resolve) => resolve());
  };
  return { held, release };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 50));

describe('updates that load from other services', () => {
  it('are executed eight at a time, and all are delivered', async () => {
    const sockets = await Promise.all(Array.from({ length: 10 }, connect));
    const updates = sockets.flatMap((client) => [client.subscribe(WITH_USER), client.subscribe(WITH_USER)]);
    for (const client of sockets) await client.listening();
    const { held, release } = holdLoads();
    await change(order({ userId: jane.id }));
    await eventually(() => expect(held).toHaveLength(8));
    await soon();
    expect(held).toHaveLength(8);
    release();
    await eventually(() => expect(updates.map(({ received }) => received.length)).toEqual(updates.map(() => 1)));
  });

  it('are executed one at a time for a socket, in the order of the changes, and delay nobody else', async () => {
    const [busy, other] = [await connect(), await connect()];
    const ofBusy = Array.from({ length: 10 }, () => busy.subscribe<{ id: string }>(WITH_USER));
    const [ofOther, light] = [other.subscribe(WITH_USER), busy.orders()];
    await Promise.all([busy.listening(), other.listening()]);
    const { held, release } = holdLoads();
    const changed = [order({ userId: jane.id }), order({ userId: jane.id })];
    for (const each of changed) await change(each);
    await eventually(() => expect(held).toHaveLength(2));
    await eventually(() => expect(light.received).toHaveLength(2));
    await soon();
    expect(held).toHaveLength(2);
    release();
    const ids = changed.map(({ id }) => id);
    await eventually(() =>
      expect(ofBusy.map(({ received }) => received.map(({ id }) => id))).toEqual(ofBusy.map(() => ids)),
    );
    await eventually(() => expect(ofOther.received).toHaveLength(2));
  });

  it('are not executed once their subscriber has left', async () => {
    const [leaving, staying] = [await connect(), await connect()];
    for (let i = 0; i < 10; i++) leaving.subscribe(WITH_USER);
    const updates = staying.orders();
    await Promise.all([leaving.listening(), staying.listening()]);
    const { held, release } = holdLoads();
    await change(order({ userId: jane.id }));
    await eventually(() => expect(held).toHaveLength(1));
    await eventually(() => expect(updates.received).toHaveLength(1));
    await leaving.close();
    await staying.listening();
    release();
    await soon();
    expect(gateway.requests.filter((pattern) => pattern === 'user.getMany')).toHaveLength(1);
  });
});

describe('an update', () => {
  it('that is too large is an error, and the subscription goes on', async () => {
    const client = await connect();
    const updates = client.subscribe('subscription { orderUpdated { id shippingAddress } }');
    await client.listening();
    await change(order({ userId: jane.id, shippingAddress: 'x'.repeat(MAX_UPDATE_BYTES) }));
    await eventually(() => expect(updates.code).toBe('OPERATION_TOO_COMPLEX'));
    expect(updates.errors[0]?.extensions).toMatchObject({ limit: MAX_UPDATE_BYTES });
    const { id, ...rest } = order({ userId: jane.id, shippingAddress: 'x'.repeat(MAX_UPDATE_BYTES - 1_000) });
    await change({ id, ...rest });
    await eventually(() => expect(updates.received).toEqual([{ id, shippingAddress: rest.shippingAddress }]));
  });

  it('has room for an order of 100 items with the longest names, and their prices', async () => {
    const client = await connect();
    const updates = client.subscribe<OrderDto>(
      'subscription { orderUpdated { id status total items { quantity price product { id name price } } } }',
    );
    await client.listening();
    const items = Array.from({ length: 100 }, () => ({
      id: randomUUID(),
      productId: randomUUID(),
      quantity: 1_000_000,
      price: 9_999_999.99,
    }));
    await change(order({ userId: jane.id, items }));
    await eventually(() => expect(updates.received[0]?.items).toHaveLength(100));
  });
});
