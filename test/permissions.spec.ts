import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { Client, newCustomers, type Customer, type Order, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';
import { settledOrders } from './stock.js';

let stack: Stack;
let stranger: Client;
let owner: Customer;
let other: Customer;
let product: Product;
let order: Order;

const ADDRESS = { shippingAddress: '1 High Street', phoneNumber: '+91 80' };

beforeAll(async () => {
  stack = await startStack();
  stranger = new Client(stack.url);
  [owner, other] = (await newCustomers(stack.url, 2)) as [Customer, Customer];
  await owner.updateProfile(ADDRESS);
  product = await owner.createProduct({ stock: 100 });
  await owner.placeOrder({ productId: product.id, quantity: 2 });
  [order] = (await settledOrders([owner])) as [Order];
});

afterAll(() => stack?.stop());

/** Every operation that requires a caller, with valid arguments. */
const signedInOnly = (): Record<string, string> => ({
  users: '{ users { id } }',
  orders: '{ orders { id } }',
  order: `{ order(id: "${order.id}") { id } }`,
  createProduct: 'mutation { createProduct(input: { name: "x", price: 1, description: "", stock: 1 }) { id } }',
  updateProduct: `mutation { updateProduct(id: "${product.id}", input: { stock: 0 }) { id } }`,
  adjustStock: `mutation { adjustStock(productId: "${product.id}", delta: 1) { id } }`,
  deleteProduct: `mutation { deleteProduct(id: "${product.id}") { id } }`,
  placeOrder: `mutation { placeOrder(input: { userId: "${owner.id}", items: [{ productId: "${product.id}", quantity: 1 }] }) { id } }`,
  cancelOrder: `mutation { cancelOrder(id: "${order.id}") { id } }`,
  updateProfile: 'mutation { updateProfile(input: { city: "x" }) { id } }',
});

const base64url = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');

/** The owner's token, forged in several ways. */
function forgeries(): Record<string, string> {
  const [header = '', claims = '', signature = ''] = owner.token!.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const withoutAlgorithm = `${base64url({ alg: 'none', typ: 'JWT', kid })}.${claims}.`;
  const symmetric = `${base64url({ alg: 'HS256', typ: 'JWT', kid })}.${claims}`;
  const changed = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), sub: other.id };
  return {
    'no token at all': 'garbage',
    'three words': 'a.b.c',
    'a very long one': 'x'.repeat(5_000),
    'one that names no algorithm': withoutAlgorithm,
    'one signed with a guessed secret': `${symmetric}.${createHmac('sha256', 'secret').update(symmetric).digest('base64url')}`,
    'one signed with another key': `${header}.${claims}.${sign('sha256', Buffer.from(`${header}.${claims}`), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`,
    'one with other claims': `${header}.${base64url(changed)}.${signature}`,
    'one without its signature': `${header}.${claims}.`,
  };
}

describe('without signing in, a client', () => {
  test('cannot use operations that require a caller', async () => {
    for (const [name, operation] of Object.entries(signedInOnly()))
      expect([name, await stranger.refusal(operation)]).toEqual([name, 'UNAUTHENTICATED']);
  });

  test('is rejected with an invalid token', async () => {
    for (const [what, token] of Object.entries(forgeries()))
      expect([what, await new Client(stack.url, token).refusal('{ orders { id } }')]).toEqual([
        what,
        'UNAUTHENTICATED',
      ]);
    for (const authorization of ['Bearer', 'Bearer ', `Basic ${owner.token}`, owner.token!]) {
      const { body } = await stranger.post('{ "query": "{ orders { id } }" }', { authorization });
      expect(body).toContain('UNAUTHENTICATED');
    }
  });

  test('sees products and the names of users', async () => {
    expect(await stranger.products()).toContainEqual(expect.objectContaining({ id: product.id }));
    expect(await stranger.product(product.id)).toMatchObject({ id: product.id });
    expect(await stranger.user(owner.id)).toMatchObject({ email: masked(owner), profile: null });
  });
});

const masked = ({ email }: Customer) => `${email[0]}***@example.com`;

describe('another user', () => {
  test('sees masked e-mails and no profile', async () => {
    expect(await other.user(owner.id)).toMatchObject({ email: masked(owner), profile: null });
    const users = await other.users();
    expect(users.find(({ id }) => id === owner.id)).toMatchObject({ email: masked(owner), profile: null });
    expect(users.find(({ id }) => id === other.id)).toMatchObject({ email: other.email, profile: { city: '' } });
  });

  test('cannot see or cancel orders of the owner', async () => {
    expect(await other.order(order.id)).toBeNull();
    expect(await other.orders()).toEqual([]);
    await expect(other.cancelOrder(order.id)).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND' });
    expect(await owner.order(order.id)).toEqual(order);
  });

  test('cannot order for the owner', async () => {
    expect(await other.refusal(signedInOnly().placeOrder!)).toBe('FORBIDDEN');
    expect(await owner.orders()).toEqual([order]);
  });

  test('cannot change or delete products of the owner', async () => {
    await expect(other.updateProduct(product.id, { price: 0 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(other.adjustStock(product.id, 1)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(other.deleteProduct(product.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await stranger.product(product.id)).toMatchObject({ name: product.name, price: product.price, stock: 98 });
  });
});

test('users see their own e-mail and profile', async () => {
  const self = { email: owner.email, profile: ADDRESS };
  expect(await owner.user(owner.id)).toMatchObject(self);
  expect((await owner.users()).find(({ id }) => id === owner.id)).toMatchObject(self);
});

test('no request makes a user an admin', async () => {
  const input = '{ name: "Would be admin", email: "admin@example.com", password: "password", role: ADMIN }';
  expect(await stranger.refusal(`mutation { registerUser(input: ${input}) { id } }`)).toBe('GRAPHQL_VALIDATION_FAILED');
  const { users } = await owner.data<{ users: { name: string }[] }>('{ users { name } }');
  expect(users).not.toContainEqual({ name: 'Would be admin' });

  const change = 'mutation { updateProfile(input: { role: ADMIN }) { id } }';
  expect(await owner.refusal(change)).toBe('GRAPHQL_VALIDATION_FAILED');
  expect(await owner.data('{ me { role } }')).toEqual({ me: { role: 'CUSTOMER' } });
});
