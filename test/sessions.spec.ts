import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { eventually } from '../libs/testing/src/eventually.js';
import { Client, newCustomer, newCustomers, type Customer } from './client.js';
import { startStack, type Stack } from './stack.js';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** A gateway caches valid tokens for five seconds, but learns of the end of a session within one. */
const ENDED_WITHIN_MS = 4_000;

let stack: Stack;
/** Two on the services stack. */
let gateways: readonly string[];

beforeAll(async () => {
  stack = await startStack({ instances: 2 });
  gateways = stack.urls;
});

afterAll(() => stack?.stop());

const at = (gateway: number, token?: string) => new Client(gateways[gateway % gateways.length]!, token);

async function login({ email, password }: { email: string; password: string }, gateway = 0): Promise<Tokens> {
  const query = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken refreshToken } }';
  return (await at(gateway).data<{ loginUser: Tokens }>(query, { input: { email, password } })).loginUser;
}

const REFRESH =
  'mutation ($refreshToken: String!) { refreshTokens(refreshToken: $refreshToken) { accessToken refreshToken } }';

async function refresh(refreshToken: string, gateway = 0): Promise<Tokens> {
  return (await at(gateway).data<{ refreshTokens: Tokens }>(REFRESH, { refreshToken })).refreshTokens;
}

const ME = '{ me { id } }';

/** At every gateway, which then caches the token. */
async function expectSignedIn({ accessToken }: Tokens, { id }: Customer) {
  for (let gateway = 0; gateway < gateways.length; gateway++)
    expect(await at(gateway, accessToken).data(ME)).toEqual({ me: { id } });
}

/** The access token at every gateway, and the refresh token. */
async function expectEnded({ accessToken, refreshToken }: Tokens) {
  const refusals = () => Promise.all(gateways.map((_, gateway) => at(gateway, accessToken).refusal(ME)));
  await eventually(
    async () => expect(new Set(await refusals())).toEqual(new Set(['UNAUTHENTICATED'])),
    ENDED_WITHIN_MS,
  );
  expect(await at(1).refusal(REFRESH, { refreshToken })).toBe('INVALID_REFRESH_TOKEN');
}

describe('a session', () => {
  test('continues by refresh tokens, at any gateway', async () => {
    const customer = await newCustomer(stack.url);
    let tokens = await login(customer);
    const seen = new Set([tokens.refreshToken]);
    for (let i = 1; i <= 4; i++) {
      tokens = await refresh(tokens.refreshToken, i);
      await expectSignedIn(tokens, customer);
      seen.add(tokens.refreshToken);
    }
    expect(seen.size).toBe(5);
  });

  test('ends at every gateway when a refresh token is reused; other sessions continue', async () => {
    const customer = await newCustomer(stack.url);
    const [first, otherLogin] = [await login(customer), await login(customer, 1)];
    const second = await refresh(first.refreshToken);
    const third = await refresh(second.refreshToken, 1);
    for (const tokens of [first, second, third, otherLogin]) await expectSignedIn(tokens, customer);
    expect(await at(1).refusal(REFRESH, { refreshToken: first.refreshToken })).toBe('INVALID_REFRESH_TOKEN');
    for (const tokens of [first, second, third]) await expectEnded(tokens);
    await expectSignedIn(otherLogin, customer);
  });

  test('continues in two tabs that refresh at once, with expired access tokens in their headers', async () => {
    const customer = await newCustomer(stack.url);
    let tokens = await login(customer);
    const ended = await login(customer);
    await at(0, ended.accessToken).data('mutation { logoutUser }');
    for (let round = 0; round < 20; round++) {
      const tabs = await Promise.all(
        [0, 1].map((gateway) =>
          at(gateway, ended.accessToken).data<{ refreshTokens: Tokens }>(REFRESH, {
            refreshToken: tokens.refreshToken,
          }),
        ),
      );
      const [one, other] = tabs.map(({ refreshTokens }) => refreshTokens) as [Tokens, Tokens];
      expect(other.refreshToken).toBe(one.refreshToken);
      for (const tab of [one, other]) await expectSignedIn(tab, customer);
      tokens = other;
    }
  });

  test('continues if the answer to a refresh was lost', async () => {
    const customer = await newCustomer(stack.url);
    const { refreshToken } = await login(customer);
    const lost = await refresh(refreshToken);
    const received = await refresh(refreshToken, 1);
    expect(received.refreshToken).toBe(lost.refreshToken);
    await expectSignedIn(await refresh(received.refreshToken), customer);
  });

  test('is not ended by a token that was never issued, made from the session id of an access token', async () => {
    const customer = await newCustomer(stack.url);
    const tokens = await login(customer);
    const { sid } = JSON.parse(Buffer.from(tokens.accessToken.split('.')[1]!, 'base64url').toString()) as {
      sid: string;
    };
    const id = Buffer.from(sid.replaceAll('-', ''), 'hex');
    for (const rest of [Buffer.alloc(32), randomBytes(32)]) {
      const refreshToken = Buffer.concat([id, rest]).toString('base64url');
      expect(await at(1).refusal(REFRESH, { refreshToken })).toBe('INVALID_REFRESH_TOKEN');
    }
    await expectSignedIn(tokens, customer);
    await expectSignedIn(await refresh(tokens.refreshToken), customer);
  });

  test('ends at every gateway by a logout, alone or with all sessions of the user', async () => {
    const customer = await newCustomer(stack.url);
    const [one, another, third] = [await login(customer), await login(customer, 1), await login(customer)];
    for (const tokens of [one, another, third]) await expectSignedIn(tokens, customer);
    expect(await at(0, one.accessToken).data('mutation { logoutUser }')).toEqual({ logoutUser: true });
    await expectEnded(one);
    await expectSignedIn(another, customer);
    await at(1, another.accessToken).data('mutation { logoutUser(everywhere: true) }');
    for (const tokens of [another, third]) await expectEnded(tokens);
    await expectEnded({ accessToken: customer.token!, refreshToken: third.refreshToken });
  });

  test('is the only one that survives when its user changes the password', async () => {
    const customer = await newCustomer(stack.url);
    const [mine, otherLogin] = [await login(customer), await login(customer, 1)];
    for (const tokens of [mine, otherLogin]) await expectSignedIn(tokens, customer);
    const query = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { accessToken refreshToken } }`;
    const input = { currentPassword: customer.password, newPassword: 'another password' };
    const { changePassword } = await at(0, mine.accessToken).data<{ changePassword: Tokens }>(query, { input });
    await expectEnded(otherLogin);
    for (const tokens of [mine, changePassword]) await expectSignedIn(tokens, customer);
    await expectSignedIn(await refresh(changePassword.refreshToken), customer);
    await expect(login(customer)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
    await expectSignedIn(await login({ ...customer, password: 'another password' }), customer);
  });
});

describe('a stranger', () => {
  test('does not learn what is wrong with a refresh token', async () => {
    const customer = await newCustomer(stack.url);
    const [used, loggedOut] = [await login(customer), await login(customer)];
    await refresh((await refresh(used.refreshToken)).refreshToken);
    await at(0, loggedOut.accessToken).data('mutation { logoutUser }');
    const wrong = [
      used.refreshToken,
      loggedOut.refreshToken,
      randomBytes(48).toString('base64url'),
      loggedOut.accessToken,
      'nonsense',
      '',
      'x'.repeat(5_000),
    ];
    const errors = wrong.map(async (refreshToken) => {
      const { errors } = await at(0).answer(REFRESH, { refreshToken });
      return { message: errors?.[0]?.message, code: errors?.[0]?.extensions.code, keys: Object.keys(errors![0]!) };
    });
    const [first, ...others] = await Promise.all(errors);
    expect(first).toMatchObject({ code: 'INVALID_REFRESH_TOKEN' });
    for (const other of others) expect(other).toEqual(first);
  });

  test('cannot end a session or change a password', async () => {
    expect(await at(0).refusal('mutation { logoutUser }')).toBe('UNAUTHENTICATED');
    const input = '{ currentPassword: "12345678", newPassword: "12345678" }';
    expect(await at(0).refusal(`mutation { changePassword(input: ${input}) { accessToken } }`)).toBe('UNAUTHENTICATED');
  });

  test('who guesses passwords waits longer and longer, also for an unknown e-mail', async () => {
    const { email } = await newCustomer(stack.url);
    const seen: string[] = [];
    for (const each of [email, `${randomBytes(6).toString('hex')}@example.com`]) {
      const guess = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken } }';
      const input = { email: each, password: 'a wrong guess' };
      const refusal = () => at(seen.length).answer(guess, { input });
      const error = await eventually(async () => {
        const { errors } = await refusal();
        expect(errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
        return errors![0]!;
      });
      expect(error.extensions.retryAfter).toBeGreaterThan(0);
      seen.push(error.message.replace(/\d+/, 'N'));
    }
    expect(seen[1]).toBe(seen[0]);
  });
});

describe('an operator', () => {
  const EMAIL = 'query ($id: ID!) { user(id: $id) { email } }';

  test('grants a role that is effective within seconds, and revokes it at once', async () => {
    const [boss, customer] = (await newCustomers(stack.url, 2)) as [Customer, Customer];
    const tokens = await login(boss);
    const emailSeen = async (gateway: number) =>
      (await at(gateway, tokens.accessToken).data<{ user: { email: string } }>(EMAIL, { id: customer.id })).user.email;
    expect(await emailSeen(0)).toBe(`${customer.email[0]}***@example.com`);

    expect(await stack.admin('grant', boss.email)).toBe(`${boss.email} is now an admin.\n`);
    for (let gateway = 0; gateway < gateways.length; gateway++)
      await eventually(async () => expect(await emailSeen(gateway)).toBe(customer.email));
    expect(await stack.admin('list')).toContain(boss.email);

    await stack.admin('revoke', boss.email);
    await expectEnded(tokens);
    expect(await stack.admin('list')).not.toContain(boss.email);
  });

  test('gets an explanation of a wrong command', async () => {
    await expect(stack.admin('grant', 'nobody@example.com')).rejects.toThrow(
      /^No user has the e-mail nobody@example.com\.\n$/,
    );
    await expect(stack.admin('promote')).rejects.toThrow(/^Usage: admin grant\|revoke EMAIL.*\n$/);
  });

  test('rotates the keys without ending a session', async () => {
    const customer = await newCustomer(stack.url);
    const tokens = await login(customer);
    expect(await stack.admin('rotate-keys')).toMatch(/^A new key signs/);
    await expectSignedIn(tokens, customer);
    await expectSignedIn(await refresh(tokens.refreshToken), customer);
  });
});

test('logs contain no e-mails, passwords or tokens', async () => {
  const customer = await newCustomer(stack.url);
  const tokens = await login(customer);
  await expect(login({ ...customer, password: 'a wrong guess' })).rejects.toMatchObject({
    code: 'INVALID_CREDENTIALS',
  });
  await refresh((await refresh(tokens.refreshToken)).refreshToken);
  await at(0).refusal(REFRESH, { refreshToken: tokens.refreshToken });
  await expectEnded(tokens);
  const output = await stack.output();
  for (const secret of [customer.email, customer.password, 'a wrong guess', tokens.accessToken, tokens.refreshToken])
    expect(output).not.toContain(secret);
});
