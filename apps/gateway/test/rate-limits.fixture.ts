import type { GatewayConfig } from '../src/config.js';
import { order, product, user } from './gateway.fixture.js';
import { type GraphQLAnswer, GatewayUnderTest } from './gateway-under-test.js';
import { closeLater } from './closing.js';

export const jane = user();

const EMPTY_PAGE = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

/** A gateway whose services succeed. */
export async function start(config: Partial<GatewayConfig>): Promise<GatewayUnderTest> {
  const gateway = await GatewayUnderTest.start(
    {
      user: {
        list: async () => [jane],
        getMany: async ({ ids }) => ids.map((id) => ({ ...jane, id })),
        login: async () => ({ accessToken: 'a', refreshToken: 'r' }),
      },
      product: {
        list: async () => Array.from({ length: 20 }, () => product()),
        count: async () => 20,
        page: async () => EMPTY_PAGE,
      },
      order: { place: async ({ caller }) => order({ userId: caller.userId }) },
    },
    config,
  );
  closeLater(() => gateway.close());
  return gateway;
}

interface Request {
  token?: string;
  from?: string;
  headers?: Record<string, string>;
  payload?: string | object;
}

export async function send(gateway: GatewayUnderTest, { token, from = '192.0.2.1', headers, payload }: Request) {
  const response = await gateway.app.inject({
    method: 'POST',
    url: '/graphql',
    remoteAddress: from,
    headers: {
      'content-type': 'application/json',
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    payload,
  });
  const { data, errors } = response.json<GraphQLAnswer>();
  const codes = errors?.map(({ extensions }) => extensions?.code) ?? [];
  return { status: response.statusCode, data, errors, codes, code: codes[0], headers: response.headers };
}

export const query = (gateway: GatewayUnderTest, text: string, request: Request = {}) =>
  send(gateway, { ...request, payload: { query: text } });
