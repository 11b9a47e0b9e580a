import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

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

  it('must be valid if it is sent, also for a public operation', async () => {
    gateway = await GatewayUnderTest.start({ product: { list: async () => [] } });
    expect(await codeOf('{ products { id } }', 'stale')).toBe('UNAUTHENTICATED');
    expect(await codeOf('{ products { id } }', '')).toBe('UNAUTHENTICATED');
    expect(await codeOf('{ products { id } }', 'two parts')).toBe('UNAUTHENTICATED');
    expect(await codeOf('{ products { id } }')).toBeUndefined();
  });

  it('is not reported as invalid while the user service is unavailable', async () => {
    gateway = await GatewayUnderTest.start({ order: { list: async () => [] } });
    const token = gateway.signIn(randomUUID());
    await gateway.stop('user');
    expect(await codeOf('{ orders { id } }', token)).toBe('SERVICE_UNAVAILABLE');
  });

  it('is validated once for all fields of an operation', async () => {
    gateway = await GatewayUnderTest.start({ order: { list: async () => [], get: async () => null } });
    const token = gateway.signIn(randomUUID());
    await gateway.graphql(`{ a: orders { id } b: orders { id } c: order(id: "${randomUUID()}") { id } }`, { token });
    expect(gateway.requests.filter((pattern) => pattern === 'user.validateToken')).toHaveLength(1);
  });
});
