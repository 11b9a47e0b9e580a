import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { order, product, user } from '../../test/gateway.fixture.js';
import { type GraphQLAnswer, GatewayUnderTest } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
const tea = product();
const seller = user();
const own = order();
const others = order();

const withIds = <T extends { id: string }>(known: T[], ids: string[]) => known.filter(({ id }) => ids.includes(id));

beforeEach(async () => {
  gateway = await GatewayUnderTest.start({
    product: { getMany: async ({ ids }) => withIds([tea], ids) },
    user: { getMany: async ({ ids }) => withIds([seller], ids) },
    order: {
      getMany: async ({ caller, ids }) => withIds([own, others], ids).filter(({ userId }) => userId === caller.userId),
    },
  });
});
afterEach(() => gateway.close());

const codeOf = ({ errors }: GraphQLAnswer) => errors?.[0]?.extensions?.code;
const FIELDS = '{ __typename id ... on Product { name } ... on User { name } ... on Order { total } }';
const node = (id: string, token?: string) => gateway.graphql(`{ node(id: "${id}") ${FIELDS} }`, { token });

describe('node', () => {
  it('is the product, user or order with this id', async () => {
    const token = gateway.signIn(own.userId);
    expect((await node(tea.id, token)).data).toEqual({
      node: { __typename: 'Product', id: tea.id, name: tea.name },
    });
    expect((await node(seller.id.toUpperCase())).data).toEqual({
      node: { __typename: 'User', id: seller.id, name: seller.name },
    });
    expect((await node(own.id, token)).data).toEqual({
      node: { __typename: 'Order', id: own.id, total: own.total },
    });
  });

  it('is null for an order of somebody else, an unknown id and an id of another form', async () => {
    const token = gateway.signIn(own.userId);
    for (const answer of [
      await node(others.id, token),
      await node(own.id),
      await node(randomUUID(), token),
      await node('gid://shop/Product/1', token),
      await node('', token),
    ])
      expect(answer).toEqual({ data: { node: null } });
  });

  it('is found with a token that is not valid, unless it may be an order', async () => {
    expect((await node(tea.id, 'stale')).data).toEqual({ node: { __typename: 'Product', id: tea.id, name: tea.name } });
    for (const id of [own.id, randomUUID()]) expect(codeOf(await node(id, 'stale'))).toBe('UNAUTHENTICATED');
  });

  it('is found while another service is unavailable', async () => {
    await gateway.stop('user');
    expect((await node(tea.id)).data).toEqual({ node: { __typename: 'Product', id: tea.id, name: tea.name } });
    expect(codeOf(await node(randomUUID()))).toBe('SERVICE_UNAVAILABLE');
  });
});

describe('nodes', () => {
  const nodes = (ids: string[], token?: string) =>
    gateway.graphql(`query ($ids: [ID!]!) { nodes(ids: $ids) ${FIELDS} }`, { token, variables: { ids } });

  it('have the order of the ids, and are read with one request to each service', async () => {
    const token = gateway.signIn(own.userId);
    const { data } = await nodes([own.id, randomUUID(), tea.id, others.id, seller.id], token);
    const known = ({ id }: { id: string }) => expect.objectContaining({ id });
    const expected = [known(own), null, known(tea), null, known(seller)];
    expect(data).toEqual({ nodes: expected });
    expect(gateway.requests.filter((request) => request !== 'user.validateToken').sort()).toEqual([
      'order.getMany',
      'product.getMany',
      'user.getMany',
    ]);
  });

  it('fail one by one if the token is not valid and they may be orders', async () => {
    const { data, errors, extensions } = await nodes([tea.id, own.id], 'stale');
    expect(data).toEqual({ nodes: [{ __typename: 'Product', id: tea.id, name: tea.name }, null] });
    expect(errors).toMatchObject([{ path: ['nodes', 1], extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(extensions).toMatchObject({ authentication: { status: 'ignored', code: 'UNAUTHENTICATED' } });
  });

  it('are at most 100', async () => {
    expect(await nodes([])).toEqual({ data: { nodes: [] } });
    expect(codeOf(await nodes(Array.from({ length: 101 }, () => randomUUID())))).toBe('BAD_USER_INPUT');
  });
});
