import { randomUUID } from 'node:crypto';
import { type OrderCount, type OrderPage, Role } from '@app/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { order } from '../../test/gateway.fixture.js';
import { GatewayUnderTest, type GraphQLAnswer } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const codeOf = ({ errors }: GraphQLAnswer) => errors?.[0]?.extensions?.code;

describe('pages of orders', () => {
  it("are read with the caller's arguments, and counted by the same filter only if the query selects totalCount", async () => {
    const requests: (OrderPage | OrderCount)[] = [];
    const one = order();
    const pageInfo = { hasNextPage: false, hasPreviousPage: true, startCursor: 'a', endCursor: 'a' };
    gateway = await GatewayUnderTest.start({
      order: {
        page: async (input) => {
          requests.push(input);
          return { edges: [{ cursor: 'a', node: one }], pageInfo };
        },
        count: async (input) => {
          requests.push(input);
          return 42;
        },
      },
    });
    const caller = { userId: one.userId, role: Role.CUSTOMER };
    const token = gateway.signIn(one.userId);
    const page = '(first: 5, after: "b", filter: { status: SHIPPED })';
    const edges = 'edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
    const connection = { edges: [{ cursor: 'a', node: { id: one.id } }], pageInfo };

    expect((await gateway.graphql(`{ orderConnection${page} { ${edges} } }`, { token })).data).toEqual({
      orderConnection: connection,
    });
    expect(requests).toEqual([{ caller, page: { first: 5, after: 'b', filter: { status: 'SHIPPED' } } }]);

    requests.length = 0;
    expect((await gateway.graphql(`{ orderConnection${page} { totalCount ${edges} } }`, { token })).data).toEqual({
      orderConnection: { totalCount: 42, ...connection },
    });
    expect(requests[1]).toEqual({ caller, filter: { status: 'SHIPPED' } });

    await gateway.graphql('{ orderConnection { totalCount } }', { token });
    expect(requests.slice(2)).toEqual([
      { caller, page: {} },
      { caller, filter: {} },
    ]);
  });

  it.each([
    ['first', '(first: 101)'],
    ['last', '(last: 101)'],
    ['last', '(first: 1, last: 1)'],
  ])('name the invalid argument: %s', async (field, page) => {
    gateway = await GatewayUnderTest.start({});
    const token = gateway.signIn(randomUUID());
    const answer = await gateway.graphql(`{ orderConnection${page} { pageInfo { hasNextPage } } }`, { token });
    expect(codeOf(answer)).toBe('BAD_USER_INPUT');
    expect(Object.keys(answer.errors?.[0]?.extensions?.fields as object)).toEqual([field]);
  });
});
