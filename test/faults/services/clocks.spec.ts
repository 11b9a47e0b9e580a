import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { newCustomer } from '../../client.js';
import { ServicesStack } from '../../services-stack.js';

const SKEW_MS = 5_000;

let stack: ServicesStack;
beforeAll(async () => {
  stack = await ServicesStack.start({
    requestTimeoutMs: SKEW_MS,
    environmentOf: { user: clock(SKEW_MS), product: clock(-SKEW_MS), order: clock(SKEW_MS) },
  });
});
afterAll(() => stack?.stop());

/** Shifts the wall clock of a process, but not its monotonic clock. */
function clock(offsetMs: number) {
  const shift = `const now = Date.now; const shifted = () => now() + ${offsetMs};
    globalThis.Date = new Proxy(Date, {
      construct: (target, args, proxy) => Reflect.construct(target, args.length ? args : [shifted()], proxy),
      get: (target, key) => (key === 'now' ? shifted : Reflect.get(target, key)),
    });`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` };
}

test('orders work while clocks differ by as much as the request timeout', async () => {
  const customer = await newCustomer(stack.url);
  const { id: productId } = await customer.createProduct();
  const { id } = await customer.placeOrder({ productId, quantity: 1 });
  await eventually(async () => expect(await customer.order(id)).toMatchObject({ status: 'PROCESSING' }));
});
