import type { AuthTokens } from '@app/contracts';
import { errorOf, eventually } from '@app/testing';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { userService } from '../user.module.js';
import { UserServiceUnderTest, type TestUser } from '../../test/user-service-under-test.js';

const refused = { code: 'INVALID_REFRESH_TOKEN' };
const ended = { code: 'UNAUTHENTICATED' };

let underTest: UserServiceUnderTest;
beforeAll(async () => {
  underTest = await UserServiceUnderTest.start();
  await underTest.service.startInstance(userService);
});
afterAll(() => underTest.close());

const refresh = ({ refreshToken }: Pick<AuthTokens, 'refreshToken'>) => underTest.client.refresh({ refreshToken });
const query = (sql: string, values: unknown[]) => underTest.service.database.query(sql, values);

/** Moves the last refresh of a session into the past. */
const passSeconds = (seconds: number, { sessionId }: TestUser) =>
  query('update sessions set rotated_at = rotated_at - make_interval(secs => $1) where id = $2', [seconds, sessionId]);

/** A token of the session, with its first bytes and the rest zeros or random. */
const forged = ({ refreshToken }: AuthTokens, knownBytes: number, rest: (bytes: number) => Buffer) =>
  Buffer.concat([Buffer.from(refreshToken, 'base64url').subarray(0, knownBytes), rest(48 - knownBytes)]).toString(
    'base64url',
  );
const EVERYTHING_BUT_DATE = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
];
const zeros = (bytes: number) => Buffer.alloc(bytes);

async function expectLive(user: TestUser, ...newest: AuthTokens[]) {
  for (const tokens of [user, ...newest]) expect(await underTest.sessionOf(tokens)).toBe(user.sessionId);
  expect(underTest.endedSessionIds).not.toContain(user.sessionId);
}

async function expectEnded(user: TestUser, newest: AuthTokens) {
  for (const tokens of [user, newest]) expect(await errorOf(underTest.sessionOf(tokens))).toMatchObject(ended);
  expect(await errorOf(refresh(newest))).toMatchObject(refused);
  await eventually(() => expect(underTest.endedSessionIds).toContain(user.sessionId));
}

describe('a refresh token', () => {
  test('has successors, which continue the same session', async () => {
    const user = await underTest.newUser();
    let tokens: AuthTokens = user;
    const seen = new Set([user.refreshToken]);
    for (let i = 0; i < 4; i++) seen.add((tokens = await refresh(tokens)).refreshToken);
    expect(seen.size).toBe(5);
    await expectLive(user, tokens);
  });

  test('extends its session', async () => {
    const user = await underTest.newUser();
    await query(`update sessions set expires_at = now() + interval '1 hour' where id = $1`, [user.sessionId]);
    await refresh(user);
    const late = `select from sessions where id = $1 and expires_at > now() + interval '29 days'`;
    expect(await query(late, [user.sessionId])).toHaveLength(1);
  });

  test('is stored as a hash only', async () => {
    const user = await underTest.newUser();
    const successor = await refresh(user);
    const [row] = await query('select row_to_json(s)::text as row from sessions s where id = $1', [user.sessionId]);
    for (const { refreshToken } of [user, successor]) {
      const secret = Buffer.from(refreshToken, 'base64url').subarray(28);
      for (const part of [
        refreshToken,
        secret.toString('base64url'),
        secret.toString('hex'),
        secret.toString('base64'),
      ])
        expect(JSON.stringify(row)).not.toContain(part);
    }
  });

  test('is rejected with the same error, whatever is wrong with it', async () => {
    const [used, loggedOut, expired, guessed] = await Promise.all([
      underTest.newUser(),
      underTest.newUser(),
      underTest.newUser(),
      underTest.newUser(),
    ]);
    await refresh(await refresh(used));
    await underTest.client.logout({ userId: loggedOut.id, sessionId: loggedOut.sessionId, everywhere: false });
    await query(`update sessions set expires_at = now() - interval '1 second' where id = $1`, [expired.sessionId]);
    const wrong = [
      ...[used, loggedOut, expired].map(({ refreshToken }) => refreshToken),
      forged(guessed, 16, zeros),
      randomBytes(48).toString('base64url'),
      `${guessed.refreshToken}=`,
      ` ${guessed.refreshToken}`,
      '',
      'nonsense',
      'x'.repeat(10_000),
      'a\0b',
      "' or '1'='1",
      guessed.accessToken,
      randomUUID(),
    ];
    const errors = await Promise.all(wrong.map((refreshToken) => errorOf(refresh({ refreshToken }))));
    expect(errors[0]).toMatchObject(refused);
    for (const error of errors) expect(error).toEqual(errors[0]);
  });
});

describe('the predecessor of a refresh token', () => {
  test('gets the same successor for 20 seconds: two tabs that refresh at once stay logged in', async () => {
    const user = await underTest.newUser();
    let tokens: AuthTokens = user;
    for (let round = 0; round < 20; round++) {
      const [one, other] = await Promise.all([refresh(tokens), refresh(tokens)]);
      expect(other.refreshToken).toBe(one.refreshToken);
      expect(one.refreshToken).not.toBe(tokens.refreshToken);
      expect(await underTest.sessionOf(other)).toBe(user.sessionId);
      tokens = one;
    }
    await expectLive(user, tokens);
  });

  test('gets the same successor again if the answer was lost', async () => {
    const user = await underTest.newUser();
    const lost = await refresh(user);
    await passSeconds(15, user);
    const received = await refresh(user);
    expect(received.refreshToken).toBe(lost.refreshToken);
    await expectLive(user, received, await refresh(received));
  });

  test('is not good for longer because it was used again', async () => {
    const user = await underTest.newUser();
    const successor = await refresh(user);
    await passSeconds(15, user);
    await refresh(user);
    await passSeconds(6, user);
    expect(await errorOf(refresh(user))).toMatchObject(refused);
    await expectEnded(user, successor);
  });

  test('ends its session and no other after 20 seconds', async () => {
    const user = await underTest.newUser();
    const otherLogin = await underTest.login(user.email);
    const successor = await refresh(user);
    await passSeconds(20, user);
    expect(await errorOf(refresh(user))).toMatchObject(refused);
    await expectEnded(user, successor);
    expect(underTest.endedSessionIds).not.toContain(otherLogin.sessionId);
    expect(await underTest.sessionOf(await refresh(otherLogin))).toBe(otherLogin.sessionId);
  });

  test('ends its session once its successor was used, also within the 20 seconds', async () => {
    const user = await underTest.newUser();
    const newest = await refresh(await refresh(user));
    expect(await errorOf(refresh(user))).toMatchObject(refused);
    await expectEnded(user, newest);
  });

  test('is timed by the database, so that the clocks of instances may differ', async () => {
    const user = await underTest.newUser();
    const successor = await refresh(user);
    jest.useFakeTimers({ now: Date.now() + 60_000, doNotFake: EVERYTHING_BUT_DATE });
    try {
      expect((await refresh(user)).refreshToken).toBe(successor.refreshToken);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('a token that was never issued ends nothing:', () => {
  test.each([
    ['the id from an access token and zeros', 16, zeros],
    ['the id from an access token and a guess', 16, randomBytes],
  ])('%s', async (_, knownBytes, rest) => {
    const user = await underTest.newUser();
    for (const tokens of [user, await refresh(user)])
      expect(await errorOf(refresh({ refreshToken: forged(tokens, knownBytes, rest) }))).toMatchObject(refused);
    await expectLive(user, await refresh(await refresh(user)));
  });
});

describe('a session of the previous release', () => {
  /** Its tokens are random after the id, and the row knows the hash only. */
  async function ofPreviousRelease(): Promise<TestUser> {
    const user = await underTest.newUser();
    await query('update sessions set refresh_series = null, rotation_salt = null, rotated_at = null where id = $1', [
      user.sessionId,
    ]);
    return user;
  }

  test('is refreshed like any other, also by two tabs at once', async () => {
    const user = await ofPreviousRelease();
    const [one, other] = await Promise.all([refresh(user), refresh(user)]);
    expect(other.refreshToken).toBe(one.refreshToken);
    await expectLive(user, one);
    await passSeconds(20, user);
    expect(await errorOf(refresh(user))).toMatchObject(refused);
    await expectEnded(user, one);
  });

  test('is not ended by another token before its first refresh', async () => {
    const user = await ofPreviousRelease();
    expect(await errorOf(refresh({ refreshToken: forged(user, 16, randomBytes) }))).toMatchObject(refused);
    await expectLive(user, await refresh(user));
  });
});
