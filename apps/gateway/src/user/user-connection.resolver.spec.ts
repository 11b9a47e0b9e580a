import { randomUUID } from 'node:crypto';
import type { PageArgs } from '@app/contracts';
import { afterEach, expect, it } from '@jest/globals';
import { user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const jane = user();
const pageInfo = { hasNextPage: true, hasPreviousPage: false, startCursor: 'c', endCursor: 'c' };

let gateway: GatewayUnderTest;
let pages: PageArgs[];

async function start() {
  pages = [];
  gateway = await GatewayUnderTest.start({
    user: {
      page: async (page) => {
        pages.push(page);
        return { edges: [{ cursor: 'c', node: jane }], pageInfo };
      },
      count: async () => 7,
    },
  });
}

afterEach(() => gateway.close());

const query = (field: string, token: string | undefined = gateway.signIn(randomUUID())) =>
  gateway.graphql(`{ ${field} }`, { token });

it('returns a page of users, with masked e-mails', async () => {
  await start();
  const fields =
    '{ edges { cursor node { id email } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';
  expect((await query(`userConnection ${fields}`)).data).toEqual({
    userConnection: { edges: [{ cursor: 'c', node: { id: jane.id, email: 'j***@example.com' } }], pageInfo },
  });
  await query('userConnection(first: 3, after: "c") { pageInfo { endCursor } }');
  await query('userConnection(first: null, after: null) { pageInfo { endCursor } }');
  expect(pages).toEqual([{}, { first: 3, after: 'c' }, { first: null, after: null }]);
});

it('counts all users only if the query selects totalCount', async () => {
  await start();
  await query('userConnection { edges { cursor } }');
  expect(gateway.requests).not.toContain('user.count');
  expect((await query('userConnection { totalCount }')).data).toEqual({ userConnection: { totalCount: 7 } });
  expect(gateway.requests.filter((request) => request === 'user.count')).toHaveLength(1);
});

it('requires an access token, and pages of up to 100', async () => {
  await start();
  const codeOf = async (field: string, token?: string) => (await query(field, token)).errors?.[0]?.extensions?.code;
  expect((await gateway.graphql('{ userConnection { totalCount } }')).errors?.[0]?.extensions?.code).toBe(
    'UNAUTHENTICATED',
  );
  for (const first of [-1, 101])
    expect(await codeOf(`userConnection(first: ${first}) { totalCount }`)).toBe('BAD_USER_INPUT');
  expect(gateway.requests).not.toContain('user.page');
});
