import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../libs/testing/src/eventually.js';
import { Client, newCustomer, type Customer, type Order, type Product, type User } from './client.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let shop: Customer;
let anybody: Client;

beforeAll(async () => {
  stack = await startStack();
  anybody = new Client(stack.url);
  shop = await newCustomer(stack.url);
});

afterAll(() => stack?.stop());

/** A product as anyone sees it now, alone and in the list. */
async function stockOf(id: string): Promise<(number | undefined)[]> {
  const [one, list] = await Promise.all([anybody.product(id), anybody.products()]);
  return [one?.stock, list.find((product) => product.id === id)?.stock];
}

/** Sooner than cached products expire. */
const expectStock = (id: string, stock: number) =>
  eventually(async () => expect(await stockOf(id)).toEqual([stock, stock]), 8_000);

test('the operations of the first API still work', async () => {
  const { registerUser: asha } = await anybody.data<{ registerUser: User }>(`mutation {
    registerUser(input: { name: "Asha", email: "asha@example.com", password: "correct horse" }) { id name email }
  }`);
  expect(asha).toEqual({ id: expect.any(String), name: 'Asha', email: 'asha@example.com' });

  const { loginUser } = await anybody.data<{ loginUser: { accessToken: string; refreshToken: string } }>(`mutation {
    loginUser(input: { email: "asha@example.com", password: "correct horse" }) { accessToken refreshToken }
  }`);
  expect(loginUser).toEqual({ accessToken: expect.any(String), refreshToken: expect.any(String) });
  const caller = new Client(stack.url, loginUser.accessToken);

  const { createProduct: lamp } = await caller.data<{ createProduct: Product }>(`mutation {
    createProduct(input: { name: "Lamp", price: 19.99, description: "Warm light", stock: 10 }) {
      id name price stock description
    }
  }`);
  expect(lamp).toEqual({ id: expect.any(String), name: 'Lamp', price: 19.99, stock: 10, description: 'Warm light' });

  const catalogue = await anybody.data<{ products: Product[]; product: Product }>(`{
    products { id name price stock description }
    product(id: "${lamp.id}") { id name price stock description }
  }`);
  expect(catalogue.products[0]).toEqual(lamp);
  expect(catalogue.product).toEqual(lamp);

  const people = await caller.data<{ users: User[]; user: User }>(`{
    users { id name email }
    user(id: "${asha.id}") { id name email }
  }`);
  expect(people.users).toContainEqual(asha);
  expect(people.user).toEqual(asha);

  const order =
    'id userId items { id productId quantity price } total status shippingAddress pincode city country phoneNumber';
  const { placeOrder: placed } = await caller.data<{ placeOrder: Order }>(`mutation {
    placeOrder(input: { userId: "${asha.id}", items: [{ productId: "${lamp.id}", quantity: 3 }] }) { ${order} }
  }`);
  expect(placed).toEqual({
    id: expect.any(String),
    userId: asha.id,
    items: [{ id: expect.any(String), productId: lamp.id, quantity: 3, price: 19.99 }],
    total: 59.97,
    status: 'PENDING',
    shippingAddress: '',
    pincode: '',
    city: '',
    country: '',
    phoneNumber: '',
  });

  await eventually(async () => {
    const seen = await caller.data<{ orders: Order[]; order: Order }>(
      `{ orders { ${order} } order(id: "${placed.id}") { ${order} } }`,
    );
    expect(seen.order).toEqual({ ...placed, status: 'PROCESSING' });
    expect(seen.orders).toEqual([seen.order]);
  });
  await expectStock(lamp.id, 7);
});

test('an e-mail belongs to one user, in any spelling and with concurrent registrations', async () => {
  const attempts = ['one@example.com', 'ONE@example.com', ' one@Example.com '].map((email) =>
    anybody.refusal('mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }', {
      input: { name: 'One', email, password: 'password of one' },
    }),
  );
  const codes = (await Promise.allSettled(attempts)).map((attempt) =>
    attempt.status === 'fulfilled' ? attempt.value : 'registered',
  );
  expect(codes.sort()).toEqual(['EMAIL_TAKEN', 'EMAIL_TAKEN', 'registered']);
});

test('a wrong password and an unknown e-mail get the same error', async () => {
  const logIn = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken } }';
  const message = 'INVALID_CREDENTIALS: Wrong e-mail or password';
  for (const input of [
    { email: shop.email, password: 'not the password' },
    { email: 'nobody@example.com', password: shop.password },
  ])
    await expect(anybody.data(logIn, { input })).rejects.toMatchObject({ message });
});

describe('a product', () => {
  test('is up to date immediately after each change, alone and in the list', async () => {
    const kettle = await shop.createProduct({ name: 'Kettle', stock: 4 });
    expect(await stockOf(kettle.id)).toEqual([4, 4]);

    const changed = await shop.updateProduct(kettle.id, { stock: 6, price: 0.1 });
    expect(changed).toEqual({ ...kettle, stock: 6, price: 0.1, updatedAt: expect.any(String) });
    expect(await anybody.product(kettle.id)).toEqual(changed);
    expect(await anybody.products()).toContainEqual(changed);

    await shop.deleteProduct(kettle.id);
    expect(await stockOf(kettle.id)).toEqual([undefined, undefined]);
  });

  test('keeps its price in existing orders', async () => {
    const [pen, ink] = [await shop.createProduct({ price: 0.1 }), await shop.createProduct({ price: 0.2 })];
    const placed = await shop.placeOrder({ productId: pen.id, quantity: 1 }, { productId: ink.id, quantity: 1 });
    expect(placed.total).toBe(0.3);

    await shop.updateProduct(pen.id, { price: 500 });
    await shop.deleteProduct(ink.id);
    const kept = await shop.order(placed.id);
    expect(kept).toMatchObject({ items: placed.items, total: 0.3 });
  });

  test('keeps its name and seller in existing orders, and `product` shows what it is now', async () => {
    const [ring, vase] = [await shop.createProduct({ name: 'Gold ring' }), await shop.createProduct({ name: 'Vase' })];
    const { id } = await shop.placeOrder({ productId: ring.id, quantity: 1 }, { productId: vase.id, quantity: 1 });
    await shop.updateProduct(ring.id, { name: 'Brass ring' });
    await shop.deleteProduct(vase.id);
    const query = `{ order(id: "${id}") { items { productName sellerId product { name } } } }`;
    const { order } = await shop.data<{ order: unknown }>(query);
    expect(order).toEqual({
      items: [
        { productName: 'Gold ring', sellerId: shop.id, product: { name: 'Brass ring' } },
        { productName: 'Vase', sellerId: shop.id, product: null },
      ],
    });
  });

  test('that is deleted cannot be ordered, but existing orders can be cancelled', async () => {
    const vase = await shop.createProduct({ stock: 5 });
    const placed = await shop.placeOrder({ productId: vase.id, quantity: 2 });
    await eventually(async () => expect((await shop.order(placed.id))?.status).toBe('PROCESSING'));
    await shop.deleteProduct(vase.id);

    await expect(shop.placeOrder({ productId: vase.id, quantity: 1 })).rejects.toMatchObject({
      code: 'PRODUCT_NOT_FOUND',
      details: { productIds: [vase.id] },
    });
    expect(await shop.cancelOrder(placed.id)).toMatchObject({ status: 'CANCELLED', cancelReason: 'BY_CUSTOMER' });
    expect(await stockOf(vase.id)).toEqual([undefined, undefined]);
  });
});

test('a new address applies to open and future orders, but not to cancelled ones', async () => {
  const customer = await newCustomer(stack.url);
  const { id: productId } = await shop.createProduct();
  const open = await customer.placeOrder({ productId, quantity: 1 });
  const cancelled = await customer.cancelOrder((await customer.placeOrder({ productId, quantity: 1 })).id);

  const address = {
    shippingAddress: '1 High Street',
    pincode: '560001',
    city: 'Bengaluru',
    country: 'India',
    phoneNumber: '+91 80',
  };
  const user = await customer.updateProfile(address);
  expect(user).toMatchObject({ id: customer.id, email: customer.email, profile: { bio: '', ...address } });

  const next = await customer.placeOrder({ productId, quantity: 1 });
  expect(next).toMatchObject(address);
  await eventually(async () =>
    expect(await customer.order(open.id)).toMatchObject({ ...address, status: 'PROCESSING' }),
  );

  // Only the given fields change, and the last change wins.
  await customer.updateProfile({ city: 'Mysuru' });
  await eventually(async () => {
    for (const { id } of [open, next]) expect(await customer.order(id)).toMatchObject({ ...address, city: 'Mysuru' });
  });
  expect(await customer.order(cancelled.id)).toMatchObject({ shippingAddress: '', city: '' });
});

test('a cancelled order returns its stock once', async () => {
  const { id: productId } = await shop.createProduct({ stock: 10 });
  const placed = await shop.placeOrder({ productId, quantity: 4 });
  await expectStock(productId, 6);

  expect(await shop.cancelOrder(placed.id)).toEqual({
    ...placed,
    status: 'CANCELLED',
    cancelReason: 'BY_CUSTOMER',
    updatedAt: expect.any(String),
  });
  await expectStock(productId, 10);
  await expect(shop.cancelOrder(placed.id)).rejects.toMatchObject({
    code: 'ORDER_STATUS_CONFLICT',
    details: { status: 'CANCELLED' },
  });

  // Cancelled several times, before its stock can have been reserved.
  const orders = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const { id } = await shop.placeOrder({ productId, quantity: 1 });
      await shop.cancelOrder(id);
      return id;
    }),
  );
  const last = await shop.placeOrder({ productId, quantity: 3 });
  await eventually(async () => expect((await shop.order(last.id))?.status).toBe('PROCESSING'));
  await expectStock(productId, 7);
  for (const id of orders)
    expect(await shop.order(id)).toMatchObject({ status: 'CANCELLED', cancelReason: 'BY_CUSTOMER' });
});

test('the output contains no personal data or credentials', async () => {
  const customer = await newCustomer(stack.url);
  await customer.updateProfile({ shippingAddress: '7 Secret Lane' });
  await anybody.refusal(
    `mutation { loginUser(input: { email: "${customer.email}", password: "wrong password" }) { accessToken } }`,
  );
  const { id: productId } = await customer.createProduct();
  await customer.placeOrder({ productId, quantity: 1 });
  const output = await stack.output();
  for (const secret of [customer.email, customer.password, customer.token!, '7 Secret Lane', 'wrong password'])
    expect(output).not.toContain(secret);
});
