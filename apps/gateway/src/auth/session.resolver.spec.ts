import { randomUUID } from 'node:crypto';
import { type ChangePasswordInput, type Logout, type PasswordChange, Role, users } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const tokens = { accessToken: 'a', refreshToken: 'r' };
const me = { userId: randomUUID(), sessionId: randomUUID() };
const token = 'mine';

let gateway: GatewayUnderTest;
let requests: unknown[];

/** `mine` is the token of a session that the user service reports as valid, even after its end is announced. */
async function start() {
  requests = [];
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  gateway = await GatewayUnderTest.start({
    user: {
      validateToken: async () => ({ ...me, role: Role.CUSTOMER, expiresAt }),
      refresh: async (input) => {
        requests.push(input);
        return tokens;
      },
      logout: async (input) => void requests.push(input),
      changePassword: async (input) => {
        requests.push(input);
        return tokens;
      },
      list: async () => [],
    },
  });
}

afterEach(() => gateway.close());

describe('a session', () => {
  it('is refreshed without an access token', async () => {
    await start();
    const answer = await gateway.graphql(
      'mutation { refreshTokens(refreshToken: "old") { accessToken refreshToken } }',
    );
    expect(answer.data).toEqual({ refreshTokens: tokens });
    expect(requests).toEqual([{ refreshToken: 'old' }]);
  });

  it.each([
    ['logoutUser', false],
    ['logoutUser(everywhere: false)', false],
    ['logoutUser(everywhere: null)', false],
    ['logoutUser(everywhere: true)', true],
  ])('is ended by %s, everywhere: %p', async (mutation, everywhere) => {
    await start();
    expect(await gateway.graphql(`mutation { ${mutation} }`, { token })).toEqual({ data: { logoutUser: true } });
    expect(requests).toEqual([{ ...me, everywhere } satisfies Logout]);
  });

  it('can change the password of its user', async () => {
    await start();
    const passwords: ChangePasswordInput = { currentPassword: 'old password', newPassword: 'new password' };
    const mutation = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { accessToken } }';
    const answer = await gateway.graphql(mutation, { token, variables: { input: passwords } });
    expect(answer.data).toEqual({ changePassword: { accessToken: 'a' } });
    expect(requests).toEqual([{ ...me, passwords } satisfies PasswordChange]);
  });

  it.each(['logoutUser', 'changePassword(input: { currentPassword: "x", newPassword: "12345678" }) { accessToken }'])(
    'is required for %s',
    async (mutation) => {
      await start();
      const { errors } = await gateway.graphql(`mutation { ${mutation} }`);
      expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
      expect(requests).toEqual([]);
    },
  );

  it('is refused once session.ended names it, although its token is remembered as valid', async () => {
    await start();
    const code = async () => (await gateway.graphql('{ users { id } }', { token })).errors?.[0]?.extensions?.code;
    await gateway.publish(users.events.sessionEnded, { sessionIds: [randomUUID()] });
    expect(await code()).toBeUndefined();
    await gateway.publish(users.events.sessionEnded, { sessionIds: [randomUUID(), me.sessionId] });
    await eventually(async () => expect(await code()).toBe('UNAUTHENTICATED'), 3_000);
  });
});
