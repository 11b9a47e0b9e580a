import { randomUUID } from 'node:crypto';
import { Role } from '@app/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { order, product } from '../../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { limitOrderItems } from './order-items-limit.js';

describe('orders with more items than the cost estimates', () => {
  let gateway: GatewayUnderTest;
  afterEach(() => gateway.close());

  async function start(orders: number, itemsOfEach: number) {
    const lamp = product();
    const item = () => ({ id: randomUUID(), productId: lamp.id, quantity: 1, price: 1 });
    const list = Array.from({ length: orders }, () => order({ items: Array.from({ length: itemsOfEach }, item) }));
    gateway = await GatewayUnderTest.start({
      order: {
        list: async () => list,
        page: async () => ({
          edges: list.map((node) => ({ cursor: node.id, node })),
          pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
        }),
      },
      product: { getMany: async () => [lamp] },
    });
  }
  const query = (text: string) => gateway.graphql(text, { token: gateway.signIn(randomUUID(), Role.ADMIN) });
  const ITEMS = 'id items { id product { id name price description again: description oncemore: description } }';

  it.each([`{ orders { ${ITEMS} } }`, `{ orderConnection(first: 100) { edges { node { ${ITEMS} } } } }`])(
    'end the operation before their items are resolved: %s',
    async (text) => {
      await start(100, 100);
      const { data, errors } = await query(text);
      expect(data).toBeNull();
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_TOO_COMPLEX', limit: 700_000 });
      expect(gateway.requests).not.toContain('product.getMany');
    },
  );

  it('are returned when the operation selects little of each', async () => {
    await start(200, 100);
    const { data, errors } = await query('{ orders { id items { id quantity } } }');
    expect(errors).toBeUndefined();
    expect(data?.orders).toHaveLength(200);
  });
});

it('rejects at startup a schema without the fields that it counts', () => {
  const schema = buildSchema('type Query { orders: [Order] orderConnection: [Order] } type Order { lines: [ID] }');
  expect(() => limitOrderItems(schema)).toThrow('The schema has no field Order.items');
});
