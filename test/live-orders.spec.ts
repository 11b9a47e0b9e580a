import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../libs/testing/src/eventually.js';
import { newAdmin, newCustomer, newCustomers, type Customer, type Product } from './client.js';
import { LiveClient } from './live-client.js';
import { startStack, type Stack } from './stack.js';

/** A gateway asks about sessions every 30 seconds; that one has ended it hears, within one. */
const HEARD_MS = 4_000;

let stack: Stack;
/** Two of them on the real stack. */
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

/** What all these clients are told of the customer's orders, each by itself. */
async function listen(...listeners: LiveClient[]) {
  const updates = listeners.map((client) => client.orders());
  for (const client of listeners) await client.listening();
  return updates;
}

/** The states in which an order was told of, in that order. */
const statesOf = (id: string, told: { id: string; status: string }[]) =>
  told.filter((update) => update.id === id).map(({ status }) => status);

async function settled(customer: Customer, id: string): Promise<void> {
  await eventually(async () => expect((await customer.order(id))?.status).not.toBe('PENDING'));
}

describe('a live order', () => {
  test('is seen from placed to cancelled, by a client at each gateway', async () => {
    const customer = await newCustomer(stack.url);
    const updates = await listen(...gateways.map((url) => connect(customer, url)));
    const { id } = await customer.placeOrder({ productId: product.id, quantity: 1 });
    await eventually(() => {
      for (const { received: told } of updates) expect(statesOf(id, told).at(-1)).toBe('PROCESSING');
    });
    await customer.at(gateways[1]!).cancelOrder(id);
    await eventually(() => {
      for (const { received: told } of updates) expect(statesOf(id, told).at(-1)).toBe('CANCELLED');
    });
    for (const { received: told } of updates) {
      const states = statesOf(id, told);
      // PENDING may pass too fast to be seen.
      expect(['PENDING', 'PROCESSING', 'CANCELLED'].slice(-states.length)).toEqual(states);
      expect(states.length).toBeGreaterThanOrEqual(2);
    }
  });

  test('is seen with its customer and products as they are then', async () => {
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

  test('is seen on its way by its customer, and by the admin who follows it', async () => {
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
        for (const { received: told } of updates) expect(statesOf(id, told).at(-1)).toBe(status);
      });
    }
  });

  test('is seen with the address that its customer moves to, by them and by the admin who follows it', async () => {
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
      for (const { received: told } of updates) expect(told.at(-1)).toEqual({ id, shippingAddress: '2 Low Street' });
    });
  });

  test('that is named is seen by its customer, and not there for anybody else', async () => {
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
    // The stranger's own come after whatever they might have been told before.
    const own2 = await stranger.placeOrder({ productId: product.id, quantity: 1 });
    await eventually(() => expect(statesOf(own2.id, all.received).at(-1)).toBe('PROCESSING'));
    expect(all.received.every((update) => update.id === own2.id)).toBe(true);
    expect(unseen.received).toEqual([]);
  });

  test('is seen in its newest state after a burst of changes, by everyone who listens', async () => {
    const customer = await newCustomer(stack.url);
    const updates = await listen(...[...gateways, ...gateways].map((url) => connect(customer, url)));
    const orders = await Promise.all(
      Array.from({ length: 40 }, () => customer.placeOrder({ productId: product.id, quantity: 1 })),
    );
    await Promise.all(orders.slice(20).map(({ id }) => customer.cancelOrder(id)));
    await eventually(() => {
      for (const { received: told } of updates)
        expect(orders.map(({ id }) => statesOf(id, told).at(-1))).toEqual([
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
