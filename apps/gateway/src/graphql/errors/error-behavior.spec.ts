import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { product, user } from '../../../test/gateway.fixture.js';
import { type GraphQLAnswer, GatewayUnderTest } from '../../../test/gateway-under-test.js';

const tea = product({ name: 'Tea' });
const QUERY = '{ me { id } products { name } orders { id } }';

let gateway: GatewayUnderTest;
let token: string;
beforeEach(async () => {
  const caller = user();
  gateway = await GatewayUnderTest.start({
    user: { getMany: async () => [caller] },
    product: { list: async () => [tea] },
  });
  token = gateway.signIn(caller.id);
  await gateway.stop('order');
});
afterEach(() => gateway.close());

async function send(body: object): Promise<GraphQLAnswer & { status: number }> {
  const { statusCode, body: text } = await gateway.app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: `Bearer ${token}`, accept: 'application/graphql-response+json' },
    payload: body,
  });
  return { status: statusCode, ...(JSON.parse(text) as GraphQLAnswer) };
}

const pathsOf = ({ errors }: GraphQLAnswer) => errors?.map(({ path, extensions }) => [path, extensions?.code]);

describe('with onError: "NULL"', () => {
  it.each([
    ['as a parameter', { onError: 'NULL' }],
    ['as an extension', { extensions: { onError: 'NULL' } }],
  ])('%s, a query keeps what the other services answer', async (_, parameter) => {
    const answer = await send({ query: QUERY, ...parameter });
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ me: { id: expect.any(String) }, products: [{ name: 'Tea' }], orders: null });
    expect(pathsOf(answer)).toEqual([[['orders'], 'SERVICE_UNAVAILABLE']]);
  });

  it('variables are still checked', async () => {
    const query = 'query ($id: ID!) { product(id: $id) { id } }';
    const answer = await send({ query, onError: 'NULL' });
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(answer.data).toBeUndefined();
  });

  it('permissions are still checked', async () => {
    token = 'unknown';
    expect(await send({ query: '{ orders { id } }', onError: 'NULL' })).toMatchObject({
      data: { orders: null },
      errors: [{ path: ['orders'], extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });
});

it.each([{}, { onError: 'PROPAGATE' }])('with %j, an error of a non-null field leaves no data', async (parameter) => {
  const answer = await send({ query: QUERY, ...parameter });
  expect(answer.data).toBeNull();
  expect(pathsOf(answer)).toEqual([[['orders'], 'SERVICE_UNAVAILABLE']]);
});

it.each(['HALT', 'null', 5, {}])('rejects onError: %j', async (onError) => {
  expect(await send({ query: QUERY, onError })).toMatchObject({
    status: 400,
    errors: [{ message: 'onError must be "NULL" or "PROPAGATE"', extensions: { code: 'BAD_REQUEST' } }],
  });
});
