import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from '@jest/globals';
import { product, user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

it('batches all users and products of an operation into one request each', async () => {
  const all = { users: [user(), user()], products: [product(), product()] };
  gateway = await GatewayUnderTest.start({
    user: { getMany: async ({ ids }) => all.users.filter(({ id }) => ids.includes(id)) },
    product: { getMany: async ({ ids }) => all.products.filter(({ id }) => ids.includes(id)).toReversed() },
  });
  const answer = await gateway.graphql(`{
      a: user(id: "${all.users[0]?.id}") { id }
      b: user(id: "${all.users[1]?.id}") { id }
      c: user(id: "${randomUUID()}") { id }
      d: product(id: "${all.products[0]?.id}") { id }
      e: product(id: "${all.products[1]?.id.toUpperCase()}") { id }
    }`);
  expect(answer).toEqual({
    data: {
      a: { id: all.users[0]?.id },
      b: { id: all.users[1]?.id },
      c: null,
      d: { id: all.products[0]?.id },
      e: { id: all.products[1]?.id },
    },
  });
  expect(gateway.requests.sort()).toEqual(['product.getMany', 'user.getMany']);
});
