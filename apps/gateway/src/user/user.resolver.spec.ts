import { randomUUID } from 'node:crypto';
import { Role } from '@app/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

describe('the private fields of a user', () => {
  const jane = user();
  const start = async () => {
    gateway = await GatewayUnderTest.start({
      user: { getMany: async () => [jane], list: async () => [jane], register: async () => jane },
    });
  };
  const seen = async (token?: string) =>
    (await gateway.graphql(`{ user(id: "${jane.id}") { email profile { city } } }`, { token })).data?.user;

  it('are shown to the user and to admins only', async () => {
    await start();
    const whole = { email: 'jane@example.com', profile: { city: 'c' } };
    const masked = { email: 'j***@example.com', profile: null };
    expect(await seen(gateway.signIn(jane.id))).toEqual(whole);
    expect(await seen(gateway.signIn(randomUUID(), Role.ADMIN))).toEqual(whole);
    expect(await seen(gateway.signIn(randomUUID()))).toEqual(masked);
    expect(await seen()).toEqual(masked);
  });

  it('are masked in the list of users too', async () => {
    await start();
    const answer = await gateway.graphql('{ users { email profile { city } } }', {
      token: gateway.signIn(randomUUID()),
    });
    expect(answer.data?.users).toEqual([{ email: 'j***@example.com', profile: null }]);
  });

  it('are shown to a user who has just registered and has no token yet', async () => {
    await start();
    const register =
      'mutation { registerUser(input: { name: "Jane", email: "jane@example.com", password: "12345678" }) { email } }';
    expect(await gateway.graphql(register)).toEqual({ data: { registerUser: { email: 'jane@example.com' } } });
  });
});
