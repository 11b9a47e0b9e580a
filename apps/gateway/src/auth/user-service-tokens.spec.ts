import { randomUUID } from 'node:crypto';
import { AppError } from '@app/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { product, user } from '../../test/gateway.fixture.js';
import { type GraphQLAnswer, GatewayUnderTest } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

describe('an access token', () => {
  const codeOf = async (query: string, token?: string) =>
    (await gateway.graphql(query, { token })).errors?.[0]?.extensions?.code;

  it('is required by operations that declare it', async () => {
    gateway = await GatewayUnderTest.start({});
    expect(await codeOf('{ orders { id } }')).toBe('UNAUTHENTICATED');
    expect(await codeOf('mutation { cancelOrder(id: "x") { id } }')).toBe('UNAUTHENTICATED');
  });

  const errorless = (answer: GraphQLAnswer) => {
    expect(answer.errors).toBeUndefined();
    return answer;
  };

  const ignored = (code: string, message: unknown = expect.any(String)) => ({
    authentication: { status: 'ignored', code, message },
  });

  it.each(['stale', '', 'two parts'])('that is not valid (%j) is ignored by public operations', async (token) => {
    const tokens = { accessToken: 'a', refreshToken: 'r' };
    const { version: _, ...jane } = user();
    gateway = await GatewayUnderTest.start({
      product: { list: async () => [product()] },
      user: {
        login: async () => tokens,
        refresh: async () => tokens,
        register: async () => ({ ...jane, version: 1 }),
        getMany: async ({ ids }) => ids.map((id) => user({ id })),
      },
    });
    const login = 'loginUser(input: { email: "jane@example.com", password: "12345678" }) { accessToken refreshToken }';
    const register = 'registerUser(input: { name: "J", email: "jane@example.com", password: "12345678" }) { email }';
    const refresh = 'refreshTokens(refreshToken: "r") { accessToken refreshToken }';
    const expected: Record<string, object> = {
      '{ products { seller { email } } }': { products: [{ seller: { email: 'j***@example.com' } }] },
      [`mutation { ${login} }`]: { loginUser: tokens },
      [`mutation { ${register} }`]: { registerUser: { email: jane.email } },
      [`mutation { ${refresh} }`]: { refreshTokens: tokens },
    };
    for (const [query, data] of Object.entries(expected))
      expect(errorless(await gateway.graphql(query, { token }))).toMatchObject({
        data,
        extensions: ignored('UNAUTHENTICATED'),
      });
  });

  it('that is not valid fails only the fields that require one', async () => {
    gateway = await GatewayUnderTest.start({ product: { getMany: async () => [] } });
    const { data, errors, extensions } = await gateway.graphql(
      `{ product(id: "${randomUUID()}") { id } order(id: "${randomUUID()}") { id } }`,
      { token: 'stale' },
    );
    expect(data).toEqual({ product: null, order: null });
    expect(errors).toMatchObject([{ path: ['order'], extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(extensions).toMatchObject(ignored('UNAUTHENTICATED', 'The access token is not valid'));
    expect(JSON.stringify({ errors, extensions })).not.toContain('stale');
  });

  it('is not mentioned if it is valid, or if none is sent', async () => {
    gateway = await GatewayUnderTest.start({ product: { list: async () => [] } });
    for (const token of [undefined, gateway.signIn(randomUUID())])
      expect((await gateway.graphql('{ products { id } }', { token })).extensions?.authentication).toBeUndefined();
  });

  it('is checked once for all fields, also if it cannot be checked', async () => {
    let checks = 0;
    const validateToken = async () => {
      checks++;
      throw new AppError('SERVICE_UNAVAILABLE', 'unavailable');
    };
    const refresh = async () => ({ accessToken: 'a', refreshToken: 'r' });
    gateway = await GatewayUnderTest.start({ user: { validateToken, refresh } });
    const field = 'refreshTokens(refreshToken: "r") { accessToken }';
    const { data } = await gateway.graphql(`mutation { a: ${field} b: ${field} c: logoutUser }`, { token: 'any' });
    expect(data).toBeNull();
    expect(checks).toBe(1);
  });

  it('is not reported as invalid while the user service is unavailable', async () => {
    gateway = await GatewayUnderTest.start({ order: { list: async () => [] }, product: { list: async () => [] } });
    const token = gateway.signIn(randomUUID());
    await gateway.stop('user');
    expect(await codeOf('{ orders { id } }', token)).toBe('SERVICE_UNAVAILABLE');
    expect(errorless(await gateway.graphql('{ products { id } }', { token }))).toMatchObject({
      data: { products: [] },
      extensions: ignored('SERVICE_UNAVAILABLE'),
    });
  });

  it('that cannot be checked shows its user no masked e-mail', async () => {
    const me = user();
    gateway = await GatewayUnderTest.start({
      user: {
        getMany: async () => [me],
        validateToken: async () => {
          throw new AppError('SERVICE_TIMEOUT', 'The user service did not answer in time');
        },
      },
    });
    const { data, errors } = await gateway.graphql(`{ user(id: "${me.id}") { name profile { city } } }`, {
      token: 'me',
    });
    expect(data).toEqual({ user: { name: me.name, profile: null } });
    expect(errors).toMatchObject([{ path: ['user', 'profile'], extensions: { code: 'SERVICE_TIMEOUT' } }]);
    expect((await gateway.graphql(`{ user(id: "${me.id}") { email } }`, { token: 'me' })).data).toEqual({ user: null });
  });

  it('is validated once for all fields of an operation', async () => {
    gateway = await GatewayUnderTest.start({ order: { list: async () => [], get: async () => null } });
    const token = gateway.signIn(randomUUID());
    await gateway.graphql(`{ a: orders { id } b: orders { id } c: order(id: "${randomUUID()}") { id } }`, { token });
    expect(gateway.requests.filter((pattern) => pattern === 'user.validateToken')).toHaveLength(1);
  });
});
