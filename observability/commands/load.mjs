// Customers, sellers and admins who do all that the API has, some of it wrong.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ask, signIn } from '../../bench/stack.mjs';

const ORDER = 'mutation ($input: OrderInput!) { placeOrder(input: $input) { id status total } }';
const CANCEL = 'mutation ($id: ID!) { cancelOrder(id: $id) { id status } }';
const STATUS =
  'mutation ($id: ID!, $status: OrderStatus!) { updateOrderStatus(id: $id, status: $status) { id status } }';
const PRODUCT = 'mutation ($input: ProductInput!) { createProduct(input: $input) { id } }';
const CHANGE = 'mutation ($id: ID!, $input: ProductUpdateInput!) { updateProduct(id: $id, input: $input) { id } }';
const REGISTER = 'mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }';
const LOGIN = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken refreshToken } }';

/**
 * Until `signal` ends it: some 25 operations a second, where the system can take them. Each kind of caller waits for an answer
 * before it asks again, so that a slow system has less to do.
 *
 * @returns how many operations were answered, and how many were refused or failed.
 */
export async function load(stack, signal) {
  const [seller, admin, ...customers] = await Promise.all([
    signIn(stack),
    signIn(stack, 'ADMIN'),
    signIn(stack),
    signIn(stack),
    signIn(stack),
  ]);
  const counts = { answered: 0, failed: 0 };
  const api = async (query, variables) => {
    try {
      const data = await ask(stack, query, variables);
      counts.answered++;
      return Object.values(data)[0];
    } catch {
      // Some are to be refused, and in a drill more will fail.
      counts.failed++;
      return undefined;
    }
  };
  const create = (stock) =>
    api(PRODUCT, { ...as(seller), input: { name: 'Tea pot', description: '1.2 l', price: 29.5, stock } });
  const products = await Promise.all(Array.from({ length: 10 }, () => create(100_000)));
  const placed = (who, product, quantity = 1) =>
    api(ORDER, { ...as(who), input: { items: [{ productId: product.id, quantity }] } });
  const email = () => `${randomBytes(6).toString('hex')}@example.com`;
  const suspect = { email: email(), password: 'not the password' };

  const callers = [
    ...customers.flatMap((customer) => [
      [150, () => api('query ($id: ID!) { product(id: $id) { id name price seller { name } } }', anyOf(products))],
      [400, () => placed(customer, anyOf(products))],
      [900, () => api('{ orders { id status items { quantity product { name } } user { name } } }', as(customer))],
    ]),
    [500, () => api('{ productConnection(first: 5, filter: { search: "tea" }) { edges { node { id } } totalCount } }')],
    [1_000, () => api('{ me { name email profile { city } } users { name } }', as(admin))],
    [
      1_000,
      async () => {
        const order = await placed(customers[0], anyOf(products));
        if (order) await api(CANCEL, { ...as(customers[0]), id: order.id });
      },
    ],
    [
      1_000,
      async () => {
        const product = await create(1);
        if (!product) return;
        await Promise.all([1, 2, 3, 4].map(() => placed(customers[1], product))); // there is only one
        await api('mutation ($id: ID!) { deleteProduct(id: $id) { id } }', { ...as(seller), id: product.id });
      },
    ],
    [
      1_000,
      async () => {
        const filter = '{ orderConnection(first: 1, filter: { status: PROCESSING }) { edges { node { id } } } }';
        const id = (await api(filter, as(admin)))?.edges[0]?.node.id;
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
    // The same e-mail again and again has to wait after some; from one address there is a limit as well.
    [900, () => api(LOGIN, { input: suspect })],
    [900, () => api(LOGIN, { input: { ...suspect, email: email() } })],
    [2_000, () => api('query Hostile { nothing }')],
    [2_000, () => api('{ orders { id } }')],
    [2_000, () => api('{ me { id } }', { token: 'no.valid.token' })],
    [2_000, () => api(CHANGE, { ...as(customers[2]), ...anyOf(products), input: { stock: 1 } })],
    [2_000, () => api(STATUS, { ...as(customers[2]), id: seller.id, status: 'SHIPPED' })],
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
  await Promise.all(clients.map((client) => client.dispose()));
  return counts;
}

const as = ({ token }) => ({ token });
const anyOf = (list) => list[Math.floor(Math.random() * list.length)];

/** Hears of a customer's orders; after a break it comes back. */
function subscribe({ url }, { token }) {
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
