import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { Client, newCustomer, type Customer, type Product } from '../../client.js';
import { ServicesStack } from '../../services-stack.js';
import { settledOrders } from '../../stock.js';

const REQUEST_TIMEOUT_MS = 2_000;
/** The timeouts of two consecutive requests, and a margin for slow machines. */
const SOON_MS = 2 * REQUEST_TIMEOUT_MS + 3_000;

let stack: ServicesStack;
let customer: Customer;
let product: Product;

beforeAll(async () => {
  stack = await ServicesStack.start({ requestTimeoutMs: REQUEST_TIMEOUT_MS });
  customer = await newCustomer(stack.url);
  product = await customer.createProduct({ stock: 1_000 });
  await customer.updateProfile({ city: 'Bengaluru' });
  // With the first order, the order service stores the customer's address.
  await customer.placeOrder(line());
});

afterAll(() => stack?.stop());

/** Makes the gateway validate the token, which it then caches for five seconds. */
beforeEach(() => eventually(() => customer.orders()));

const line = () => ({ productId: product.id, quantity: 1 });

/** Expects one of these codes within the timeout. */
async function expectRefusal(operation: () => Promise<unknown>, ...codes: string[]) {
  const began = Date.now();
  await expect(operation()).rejects.toMatchObject({ code: expect.stringMatching(`^(${codes.join('|')})$`) });
  expect(Date.now() - began).toBeLessThan(SOON_MS);
}

test('without the product service, only ordering and product changes fail', async () => {
  const [app] = stack.apps.product;
  const { id } = await customer.placeOrder(line());
  await app!.kill();
  await expectRefusal(() => customer.placeOrder(line()), 'SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT');
  await expectRefusal(() => customer.createProduct(), 'SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT');
  expect(await customer.order(id)).toMatchObject({ id });
  expect(await customer.updateProfile({ city: 'Mysuru' })).toMatchObject({ profile: { city: 'Mysuru' } });
  await newCustomer(stack.url);

  await app!.start();
  await eventually(async () =>
    expect((await customer.order((await customer.placeOrder(line())).id))?.city).toBe('Mysuru'),
  );
});

test('without the order service, products and users work', async () => {
  const [app] = stack.apps.order;
  await app!.kill();
  await expectRefusal(() => customer.placeOrder(line()), 'SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT');
  await expectRefusal(() => customer.orders(), 'SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT');
  const fresh = await customer.createProduct();
  expect(await new Client(stack.url).products()).toContainEqual(fresh);
  await customer.updateProfile({ city: 'Chennai' });

  await app!.start();
  await eventually(async () =>
    expect((await customer.orders())[0]).toMatchObject({ status: 'PROCESSING', city: 'Chennai' }),
  );
});

test('without the user service, a known customer can order, to the last known address', async () => {
  const [app] = stack.apps.user;
  await app!.kill();
  const placed = await customer.placeOrder(line());
  expect(placed.city).toBe('Chennai');
  await eventually(async () => expect((await customer.order(placed.id))?.status).toBe('PROCESSING'));
  expect(await new Client(stack.url).product(product.id)).toMatchObject({ id: product.id });
  await expectRefusal(() => newCustomer(stack.url), 'SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT');

  await app!.start();
  await eventually(() => newCustomer(stack.url));
});

test('requests to a service that hangs time out, and it does not execute them later', async () => {
  const [app] = stack.apps.order;
  const before = await customer.orders();
  app!.freeze();
  try {
    await expectRefusal(() => customer.placeOrder(line()), 'SERVICE_TIMEOUT');
    expect(await new Client(stack.url).products()).toContainEqual(expect.objectContaining({ id: product.id }));
  } finally {
    app!.thaw();
  }
  await eventually(() => customer.orders());
  await customer.placeOrder(line());
  expect(await settledOrders([customer])).toHaveLength(before.length + 1);
});
