import { randomUUID } from 'node:crypto';
import { MAX_LIST } from '@app/contracts';
import { afterEach, expect, it } from '@jest/globals';
import { order, product, user } from '../../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const QUERY = '{ wares: products { id } users { id } orders { id } }';

async function answer(rows: number) {
  const of = <T>(make: () => T) => Array.from({ length: rows }, make);
  gateway = await GatewayUnderTest.start({
    product: { list: async () => of(product) },
    user: { list: async () => of(user) },
    order: { list: async () => of(order) },
  });
  const { data, extensions } = await gateway.graphql(QUERY, { token: gateway.signIn(randomUUID()) });
  return { rows: Object.values(data ?? {}).map((list) => (list as unknown[]).length), extensions };
}

it('says which lists have more rows, and how to read them', async () => {
  expect(await answer(MAX_LIST + 1)).toEqual({
    rows: [MAX_LIST, MAX_LIST, MAX_LIST],
    extensions: {
      truncated: expect.arrayContaining([
        { path: ['wares'], limit: MAX_LIST, connection: 'productConnection' },
        { path: ['users'], limit: MAX_LIST, connection: 'userConnection' },
        { path: ['orders'], limit: MAX_LIST, connection: 'orderConnection' },
      ]),
    },
  });
});

it('says nothing of complete lists', async () => {
  expect(await answer(MAX_LIST)).toEqual({ rows: [MAX_LIST, MAX_LIST, MAX_LIST], extensions: undefined });
});
