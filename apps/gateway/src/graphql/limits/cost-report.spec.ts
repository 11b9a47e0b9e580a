import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { MAX_COST } from './operation-limits.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start({
    product: {
      page: async () => ({
        edges: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      }),
    },
  });
});
afterEach(() => gateway.close());

const extensionsOf = async (query: string) =>
  (await gateway.app.inject({ method: 'POST', url: '/graphql', payload: { query } })).json().extensions;

it('every answer has the cost of its operation and the limit', async () => {
  const query = (first: number) => `{ productConnection(first: ${first}) { edges { node { name price } } } }`;
  const { cost } = await extensionsOf(query(1));
  expect(cost).toEqual({ requested: expect.any(Number), maximum: MAX_COST });
  expect((await extensionsOf(query(100))).cost.requested).toBeGreaterThan(50 * cost.requested);
});

it('an operation that is not executed has no cost', async () => {
  expect(await extensionsOf('{ nothing }')).toBeUndefined();
});
