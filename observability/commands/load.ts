// Customers, sellers and admins who use every operation of the API, sometimes wrongly.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ask, signIn, type Person, type Stack, type Variables } from '../../bench/stack.ts';

const ORDER = 'mutation ($input: OrderInput!) { placeOrder(input: $input) { id status total } }';
const CANCEL = 'mutation ($id: ID!) { cancelOrder(id: $id) { id status } }';
const STATUS =
  'mutation ($id: ID!, $status: OrderStatus!) { updateOrderStatus(id: $id, status: $status) { id status } }';
const PRODUCT = 'mutation ($input: ProductInput!) { createProduct(input: $input) { id } }';
const CHANGE = 'mutation ($id: ID!, $input: ProductUpdateInput!) { updateProduct(id: $id, input: $input) { id } }';
const REGISTER = 'mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }';
const LOGIN = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken refreshToken } }';

/** Fields that the load reads from the operations' answers. */
interface Result {
  id: string;
  accessToken: string;
  refreshToken: string;
  edges: { node: { id: string } }[];
}

/** Calls an operation again and again, with an average pause. */
type Caller = [pauseMs: number, call: () => Promise<unknown>];

/**
 * Sends about 25 operations per second until `signal` aborts. Each caller waits for the answer before it calls again, so a slow
 * system gets less load.
 *
 * @returns how many operations succeeded, and how many were rejected or failed.
 */
export async function load(stack: Stack, signal: AbortSignal) {
  const [seller, admin, ...customers] = await Promise.all([
    signIn(stack),
    signIn(stack, 'ADMIN'),
    signIn(stack),
    signIn(stack),
    signIn(stack),
  ]);
  const [first, second, third] = customers;
  const counts = { answered: 0, failed: 0 };
  const api = async (query: string, variables?: Variables) => {
    try {
      const data = await ask<Record<string, Result>>(stack, query, variables);
      counts.answered++;
      return Object.values(data)[0];
    } catch {
      // Some operations are meant to be rejected, and more fail in a drill.
      counts.failed++;
      return undefined;
    }
  };
  const create = (stock: number) =>
    api(PRODUCT, { ...as(seller), input: { name: 'Tea pot', description: '1.2 l', price: 29.5, stock } });
  const products = (await Promise.all(Array.from({ length: 10 }, () => create(100_000)))).flatMap((one) =>
    one ? [{ id: one.id }] : [],
  );
  const place = (who: Person, product: { id: string }) =>
    api(ORDER, { ...as(who), input: { items: [{ productId: product.id, quantity: 1 }] } });
  const email = () => `${randomBytes(6).toString('hex')}@example.com`;
  const suspect = { email: email(), password: 'not the password' };

  const callers: Caller[] = [
    ...customers.flatMap((customer): Caller[] => [
      [150, () => api('query ($id: ID!) { product(id: $id) { id name price seller { name } } }', anyOf(products))],
      [400, () => place(customer, anyOf(products))],
      [900, () => api('{ orders { id status items { quantity product { name } } user { name } } }', as(customer))],
    ]),
    [500, () => api('{ productConnection(first: 5, filter: { search: "tea" }) { edges { node { id } } totalCount } }')],
    [1_000, () => api('{ me { name email profile { city } } users { name } }', as(admin))],
    [
      1_000,
      async () => {
        const order = await place(first, anyOf(products));
        if (order) await api(CANCEL, { ...as(first), id: order.id });
      },
    ],
    [
      1_000,
      async () => {
        const product = await create(1);
        if (!product) return;
        await Promise.all([1, 2, 3, 4].map(() => place(second, product))); // only one is in stock
        await api('mutation ($id: ID!) { deleteProduct(id: $id) { id } }', { ...as(seller), id: product.id });
      },
    ],
    [
      1_000,
      async () => {
        const query = '{ orderConnection(first: 1, filter: { status: PROCESSING }) { edges { node { id } } } }';
        const id = (await api(query, as(admin)))?.edges[0]?.node.id;
        if (!id) return;
        for (const status of ['SHIPPED', 'DELIVERED']) await api(STATUS, { ...as(admin), id, status });
      },
    ],
    [
      1_500,
      () =>
        api('mutation ($input: ProfileInput!) { updateProfile(input: $input) { id } }', {
          ...as(anyOf(customers)),
          input: { shippingAddress: 'Lake Road 1', city: 'Udaipur', pincode: '313001', country: 'India' },
        }),
    ],
    [
      1_500,
      () =>
        api(CHANGE, {
          ...as(seller),
          ...anyOf(products),
          input: { price: 29.5 + Math.round(Math.random() * 100) / 100 },
        }),
    ],
    [
      1_500,
      async () => {
        const input = { email: email(), password: randomBytes(12).toString('hex') };
        await api(REGISTER, { input: { ...input, name: 'Asha' } });
        const tokens = await api(LOGIN, { input });
        if (!tokens) return;
        await api('mutation ($t: String!) { refreshTokens(refreshToken: $t) { accessToken } }', {
          t: tokens.refreshToken,
        });
        await api('mutation { logoutUser(everywhere: true) }', { token: tokens.accessToken });
      },
    ],
    // Failed logins have limits per e-mail and per address.
    [900, () => api(LOGIN, { input: suspect })],
    [900, () => api(LOGIN, { input: { ...suspect, email: email() } })],
    [2_000, () => api('query Hostile { nothing }')],
    [2_000, () => api('{ orders { id } }')],
    [2_000, () => api('{ me { id } }', { token: 'no.valid.token' })],
    [2_000, () => api(CHANGE, { ...as(third), ...anyOf(products), input: { stock: 1 } })],
    [2_000, () => api(STATUS, { ...as(third), id: seller.id, status: 'SHIPPED' })],
  ];
  const clients = customers.map((customer) => subscribe(stack, customer));
  await Promise.all(
    callers.map(async ([pauseMs, call]) => {
      while (!signal.aborted) {
        await call();
        await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      }
    }),
  );
  await Promise.all(clients.map(async (client) => client.dispose()));
  return counts;
}

const as = ({ token }: Person) => ({ token });

function anyOf<T>(list: T[]): T {
  const one = list[Math.floor(Math.random() * list.length)];
  if (one === undefined) throw new Error('There is nothing to choose from');
  return one;
}

/** Subscribes to a customer's orders, and reconnects after a disconnect. */
function subscribe({ url }: Stack, { token }: Person) {
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    retryAttempts: 100,
    shouldRetry: () => true,
  });
  const sink = { next() {}, error() {}, complete() {} };
  client.subscribe({ query: 'subscription { orderUpdated { id status } }' }, sink);
  return client;
}
