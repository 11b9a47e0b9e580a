import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../libs/testing/src/eventually.js';
import { newAdmin, newCustomer, newCustomers, type Customer, type Product } from './client.js';
import { LiveClient } from './live-client.js';
import { startStack, type Stack } from './stack.js';

/** A gateway checks sessions every 30 seconds, but learns of the end of one within a second. */
const HEARD_MS = 4_000;

let stack: Stack;
/** Two on the services stack. */
let gateways: string[];
let product: Product;
let clients: LiveClient[];

beforeAll(async () => {
  stack = await startStack({ instances: 2 });
  gateways = [stack.url, stack.urls.at(-1)!];
  product = await (await newCustomer(stack.url)).createProduct({ stock: 1_000 });
});

afterAll(() => stack?.stop());

beforeEach(() => {
  clients = [];
});

afterEach(async () => {
  for (const client of clients) await client.close();
});

function connect({ token }: Customer, url = stack.url): LiveClient {
  const client = new LiveClient(url, token!);
  clients.push(client);
  return client;
}

/** The updates that each of these clients receives of the customer's orders. */
async function listen(...listeners: LiveClient[]) {
  const updates = listeners.map((client) => client.orders());
  for (const client of listeners) await client.listening();
  return updates;
}

/** The states of an order in the updates, in sequence. */
const statesOf = (id: string, updates: { id: string; status: string }[]) =>
  updates.filter((update) => update.id === id).map(({ status }) => status);

async function settled(customer: Customer, id: string): Promise<void> {
  await eventually(async () => expect((await customer.order(id))?.status).not.toBe('PENDING'));
}

describe('a live order', () => {
  test('is updated from placed to cancelled, at a client of each gateway', async () => {
    const customer = await newCustomer(stack.url);
    const updates = await listen(...gateways.map((url) => connect(customer, url)));
    const { id } = await customer.placeOrder({ productId: product.id, quantity: 1 });
    await eventually(() => {
      for (const { received } of updates) expect(statesOf(id, received).at(-1)).toBe('PROCESSING');
    });
    await customer.at(gateways[1]!).cancelOrder(id);
    await eventually(() => {
      for (const { received } of updates) expect(statesOf(id, received).at(-1)).toBe('CANCELLED');
    });
    for (const { received } of updates) {
      const states = statesOf(id, received);
      // PENDING may be too short to be seen.
      expect(['PENDING', 'PROCESSING', 'CANCELLED'].slice(-states.length)).toEqual(states);
      expect(states.length).toBeGreaterThanOrEqual(2);
    }
  });

  test('includes its customer and products at that time', async () => {
    const customer = await newCustomer(stack.url);
    const client = connect(customer);
    const updates = client.subscribe<{ status: string }>(
      'subscription { orderUpdated { status shippingAddress user { email } items { quantity product { name } } } }',
    );
    await client.listening();
    await customer.updateProfile({ shippingAddress: '1 High Street' });
    await customer.placeOrder({ productId: product.id, quantity: 3 });
    await eventually(() =>
      expect(updates.received.at(-1)).toEqual({
        status: 'PROCESSING',
        shippingAddress: '1 High Street',
        user: { email: customer.email },
        items: [{ quantity: 3, product: { name: product.name } }],
      }),
    );
  });

  test('is updated for its customer and for an admin who subscribes to it', async () => {
    const [customer, admin] = [await newCustomer(stack.url), await newAdmin(stack)];
    await customer.updateProfile({ shippingAddress: '1 High Street' });
    const { id } = await customer.placeOrder({ productId: product.id, quantity: 1 });
    await settled(customer, id);
    const [own, admins] = [connect(customer, gateways[0]), connect(admin, gateways[1])];
    const updates = [own.orders(), admins.orders(id)];
    await own.listening();
    await admins.listening();
    for (const status of ['SHIPPED', 'DELIVERED'] as const) {
      await admin.updateOrderStatus(id, status);
      await eventually(() => {
        for (const { received } of updates) expect(statesOf(id, received).at(-1)).toBe(status);
      });
    }
  });

  test('is updated with a new address, for its customer and for an admin', async () => {
    const [customer, admin] = [await newCustomer(stack.url), await newAdmin(stack)];
    await customer.updateProfile({ shippingAddress: '1 High Street' });
    const { id } = await customer.placeOrder({ productId: product.id, quantity: 1 });
    await settled(customer, id);
    const [own, admins] = [connect(customer, gateways[0]), connect(admin, gateways[1])];
    const query = 'subscription ($id: ID) { orderUpdated(id: $id) { id shippingAddress } }';
    const updates = [own.subscribe(query), admins.subscribe(query, { id })];
    await own.listening();
    await admins.listening();
    await customer.updateProfile({ shippingAddress: '2 Low Street' });
    await eventually(() => {
      for (const { received } of updates) expect(received.at(-1)).toEqual({ id, shippingAddress: '2 Low Street' });
    });
  });

  test('can be subscribed to by its customer, and is not found for others', async () => {
    const [customer, stranger] = (await newCustomers(stack.url, 2)) as [Customer, Customer];
    const { id } = await customer.placeOrder({ productId: product.id, quantity: 1 });
    await settled(customer, id);
    const [own, others] = [connect(customer, gateways[0]), connect(stranger, gateways[1])];
    const [seen, unseen, all] = [own.orders(id), others.orders(id), others.orders()];
    await own.listening();
    await others.listening();
    await eventually(() => expect(unseen.code).toBe('ORDER_NOT_FOUND'));
    const another = await customer.placeOrder({ productId: product.id, quantity: 1 });
    await customer.cancelOrder(id);
    await settled(customer, another.id);
    await eventually(() => expect(seen.received.at(-1)).toEqual({ id, status: 'CANCELLED' }));
    expect(seen.received.every((update) => update.id === id)).toBe(true);
    // The stranger's own update comes after any that they must not get.
    const own2 = await stranger.placeOrder({ productId: product.id, quantity: 1 });
    await eventually(() => expect(statesOf(own2.id, all.received).at(-1)).toBe('PROCESSING'));
    expect(all.received.every((update) => update.id === own2.id)).toBe(true);
    expect(unseen.received).toEqual([]);
  });

  test('reaches its newest state after a burst of changes, at every client', async () => {
    const customer = await newCustomer(stack.url);
    const updates = await listen(...[...gateways, ...gateways].map((url) => connect(customer, url)));
    const orders = await Promise.all(
      Array.from({ length: 40 }, () => customer.placeOrder({ productId: product.id, quantity: 1 })),
    );
    await Promise.all(orders.slice(20).map(({ id }) => customer.cancelOrder(id)));
    await eventually(() => {
      for (const { received } of updates)
        expect(orders.map(({ id }) => statesOf(id, received).at(-1))).toEqual([
          ...Array.from({ length: 20 }, () => 'PROCESSING'),
          ...Array.from({ length: 20 }, () => 'CANCELLED'),
        ]);
    });
  });
});

describe('the end of a session', () => {
  test('closes its sockets at every gateway at once', async () => {
    const customer = await newCustomer(stack.url);
    const ofSession = gateways.map((url) => connect(customer, url));
    await listen(...ofSession);
    const { loginUser: other } = await customer.data<{ loginUser: { accessToken: string } }>(
      'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken } }',
      { input: { email: customer.email, password: customer.password } },
    );
    const stillSignedIn = new LiveClient(stack.url, other.accessToken);
    clients.push(stillSignedIn);
    const [updates] = await listen(stillSignedIn);
    const began = Date.now();
    expect(await customer.data('mutation { logoutUser }')).toEqual({ logoutUser: true });
    for (const client of ofSession)
      expect(await client.closed).toEqual({ code: 4403, reason: 'The session has ended' });
    expect(Date.now() - began).toBeLessThan(HEARD_MS);
    expect(await connect(customer, gateways[1]).closed).toMatchObject({ code: 4403 });
    await stillSignedIn.listening();
    expect(updates?.isOver).toBe(false);
  });
});
