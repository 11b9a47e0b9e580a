import { Role } from '@app/contracts';
import { errorOf, eventually } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { userService } from '../user.module.js';
import { newEmail, PASSWORD, UserServiceUnderTest, type TestUser } from '../../test/user-service-under-test.js';

const refused = { code: 'INVALID_REFRESH_TOKEN' };
const ended = { code: 'UNAUTHENTICATED' };

let underTest: UserServiceUnderTest;
beforeAll(async () => {
  underTest = await UserServiceUnderTest.start();
  await underTest.service.startInstance(userService);
});
afterAll(() => underTest.close());

const refresh = (refreshToken: string) => underTest.client.refresh({ refreshToken });
const query = (sql: string, values: unknown[]) => underTest.service.database.query<{ id: string }>(sql, values);
const changePassword = ({ id, sessionId }: TestUser, currentPassword: string, newPassword = 'new password') =>
  underTest.client.changePassword({ userId: id, sessionId, passwords: { currentPassword, newPassword } });

describe('an access token', () => {
  test('identifies its user, with a role and an expiry', async () => {
    const { id, accessToken } = await underTest.newUser();
    const { userId, role, expiresAt } = await underTest.client.validateToken({ token: accessToken });
    expect({ userId, role }).toEqual({ userId: id, role: Role.CUSTOMER });
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  });

  test('is accepted by every instance, also by those started later', async () => {
    const { email } = await underTest.newUser();
    await underTest.service.startInstance(userService);
    const tokens = await Promise.all(Array.from({ length: 6 }, () => underTest.login(email)));
    for (const { accessToken } of [...tokens, ...tokens])
      expect(await underTest.client.validateToken({ token: accessToken })).toMatchObject({ role: Role.CUSTOMER });
  });
});

describe('an access token is rejected', () => {
  test('when it is malformed, was tampered with or has no signature', async () => {
    const { accessToken } = await underTest.newUser();
    const [header, payload, signature] = accessToken.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const otherUser = encode({ ...claims, sub: randomUUID() });
    for (const token of [
      'nonsense',
      'a.b.c',
      `${header}.${otherUser}.${signature}`,
      `${encode({ alg: 'none' })}.${payload}.`,
    ])
      expect(await errorOf(underTest.client.validateToken({ token }))).toMatchObject(ended);
  });

  test('when its session has ended', async () => {
    const { id, accessToken } = await underTest.newUser();
    await query('update sessions set ended_at = now() where user_id = $1', [id]);
    expect(await errorOf(underTest.client.validateToken({ token: accessToken }))).toMatchObject(ended);
  });
});

test('a login fails with the same error for a wrong password and for an unknown e-mail', async () => {
  const { email } = await underTest.newUser();
  const wrongPassword = await errorOf(underTest.client.login({ email, password: 'wrong password' }));
  const unknownEmail = await errorOf(underTest.client.login({ email: newEmail(), password: PASSWORD }));
  expect(wrongPassword).toMatchObject({ code: 'INVALID_CREDENTIALS' });
  expect(unknownEmail).toEqual(wrongPassword);
});

describe('changing the password', () => {
  test('ends the other sessions and issues new tokens for this one', async () => {
    const user = await underTest.newUser();
    const otherLogin = await underTest.login(user.email);
    const tokens = await changePassword(user, PASSWORD, 'new password');
    expect(await underTest.sessionOf(tokens)).toBe(user.sessionId);
    expect(await underTest.sessionOf(await refresh(tokens.refreshToken))).toBe(user.sessionId);
    expect(await errorOf(underTest.sessionOf(otherLogin))).toMatchObject(ended);
    expect(await errorOf(refresh(otherLogin.refreshToken))).toMatchObject(refused);
    await eventually(() => expect(underTest.endedSessionIds).toContain(otherLogin.sessionId));
    expect(underTest.endedSessionIds).not.toContain(user.sessionId);
    expect(await errorOf(underTest.login(user.email))).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    await underTest.client.login({ email: user.email, password: 'new password' });
  });

  test('invalidates the previous refresh token', async () => {
    const user = await underTest.newUser();
    const tokens = await changePassword(user, PASSWORD);
    expect(await errorOf(refresh(user.refreshToken))).toMatchObject(refused);
    expect(await errorOf(refresh(tokens.refreshToken))).toMatchObject(refused);
  });

  test('requires the current password and a live session', async () => {
    const user = await underTest.newUser();
    expect(await errorOf(changePassword(user, 'wrong password'))).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    const otherLogin = await underTest.login(user.email);
    await underTest.client.logout({ userId: user.id, sessionId: user.sessionId, everywhere: false });
    expect(await errorOf(changePassword(user, PASSWORD))).toMatchObject(ended);
    expect(await underTest.sessionOf(otherLogin)).toBe(otherLogin.sessionId);
    await underTest.login(user.email);
  });
});

test('endedSessions returns the sessions that were logged out, have expired or never existed', async () => {
  const [live, loggedOut, expired] = await Promise.all([underTest.newUser(), underTest.newUser(), underTest.newUser()]);
  await underTest.client.logout({ userId: loggedOut.id, sessionId: loggedOut.sessionId, everywhere: false });
  await query('update sessions set expires_at = now() where id = $1', [expired.sessionId]);
  const over = [loggedOut.sessionId, expired.sessionId, randomUUID()];
  expect(await underTest.client.endedSessions({ ids: [live.sessionId, ...over] })).toEqual(over);
  expect(await errorOf(underTest.sessionOf(expired))).toMatchObject(ended);
});

test('an instance deletes only stale rows when it starts', async () => {
  const [live, expired] = await Promise.all([underTest.newUser(), underTest.newUser()]);
  await query('update sessions set expires_at = now() where id = $1', [expired.sessionId]);
  const failed = await Promise.all(
    ['25 hours', '23 hours'].map(async (ago) => {
      const hash = newEmail();
      const sql = `insert into login_failures (email_hash, last_failed_at) values ($1, now() - $2::interval)`;
      await query(sql, [hash, ago]);
      return hash;
    }),
  );
  await underTest.service.startInstance(userService);
  const ids = [live.sessionId, expired.sessionId];
  await eventually(async () => {
    expect(await query('select id from sessions where id = any($1)', [ids])).toEqual([{ id: live.sessionId }]);
    expect(await query('select email_hash from login_failures where email_hash = any($1)', [failed])).toEqual([
      { email_hash: failed[1] },
    ]);
  });
});
