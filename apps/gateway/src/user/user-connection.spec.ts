import { randomUUID } from 'node:crypto';
import type { PageArgs } from '@app/contracts';
import { afterEach, expect, it } from '@jest/globals';
import { user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const jane = user();
const pageInfo = { hasNextPage: true, hasPreviousPage: false, startCursor: 'c', endCursor: 'c' };

let gateway: GatewayUnderTest;
let asked: PageArgs[];

async function start() {
  asked = [];
  gateway = await GatewayUnderTest.start({
    user: {
      page: async (page) => {
        asked.push(page);
        return { edges: [{ cursor: 'c', node: jane }], pageInfo };
      },
      count: async () => 7,
    },
  });
}

afterEach(() => gateway.close());

const ask = (field: string, token: string | undefined = gateway.signIn(randomUUID())) =>
  gateway.graphql(`{ ${field} }`, { token });

it('shows a page of users, 20 unless asked for more or fewer, with e-mails masked', async () => {
  await start();
  const fields =
    '{ edges { cursor node { id email } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';
  expect((await ask(`userConnection ${fields}`)).data).toEqual({
    userConnection: { edges: [{ cursor: 'c', node: { id: jane.id, email: 'j***@example.com' } }], pageInfo },
  });
  await ask('userConnection(first: 3, after: "c") { pageInfo { endCursor } }');
  await ask('userConnection(first: null, after: null) { pageInfo { endCursor } }');
  expect(asked).toEqual([{ first: 20 }, { first: 3, after: 'c' }, { first: 20, after: null }]);
});

it('counts all users only where that is asked for', async () => {
  await start();
  await ask('userConnection { edges { cursor } }');
  expect(gateway.requests).not.toContain('user.count');
  expect((await ask('userConnection { totalCount }')).data).toEqual({ userConnection: { totalCount: 7 } });
  expect(gateway.requests.filter((request) => request === 'user.count')).toHaveLength(1);
});

it('is for who is signed in, and for pages of 1 to 100', async () => {
  await start();
  const codeOf = async (field: string, token?: string) => (await ask(field, token)).errors?.[0]?.extensions?.code;
  expect((await gateway.graphql('{ userConnection { totalCount } }')).errors?.[0]?.extensions?.code).toBe(
    'UNAUTHENTICATED',
  );
  for (const first of [0, -1, 101])
    expect(await codeOf(`userConnection(first: ${first}) { totalCount }`)).toBe('BAD_USER_INPUT');
  expect(gateway.requests).not.toContain('user.page');
});
