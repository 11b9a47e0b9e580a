import { Role } from '@app/contracts';
import { DatabaseServiceConfig } from '@app/platform';
import { errorOf, eventually, TestDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { admin } from './admin.command.js';
import { newEmail, UserServiceUnderTest } from '../test/user-service-under-test.js';

let underTest: UserServiceUnderTest;
beforeAll(async () => {
  underTest = await UserServiceUnderTest.start();
});
afterAll(() => underTest.close());

const on = (DATABASE_URL: string) => Object.assign(new DatabaseServiceConfig(), { DATABASE_URL });
const run = (...args: string[]) => admin(args, on(underTest.service.database.url));
const roleOf = async (token: string) => (await underTest.client.validateToken({ token })).role;

describe('the command admin', () => {
  test('grants the role, also for access tokens already issued', async () => {
    const { email, accessToken, id } = await underTest.newUser();
    expect(await run('grant', ` ${email.toUpperCase()} `)).toBe(`${email} is now an admin.`);
    expect(await roleOf(accessToken)).toBe(Role.ADMIN);
    expect(await underTest.client.getMany({ ids: [id] })).toMatchObject([{ role: Role.ADMIN, version: 2 }]);
    expect(await run('grant', email)).toBe(`${email} is already an admin.`);
  });

  test('revokes the role, ends the sessions and announces it', async () => {
    const { email, accessToken, sessionId } = await underTest.newUser();
    await run('grant', email);
    expect(await run('revoke', email)).toBe(`${email} is no longer an admin and must log in again.`);
    expect(await errorOf(roleOf(accessToken))).toMatchObject({ code: 'UNAUTHENTICATED' });
    await eventually(() => expect(underTest.endedSessionIds).toContain(sessionId));
    expect(await roleOf((await underTest.login(email)).accessToken)).toBe(Role.CUSTOMER);
  });

  test('revokes nothing from a customer, who stays logged in', async () => {
    const { email, accessToken } = await underTest.newUser();
    expect(await run('revoke', email)).toBe(`${email} is not an admin.`);
    expect(await roleOf(accessToken)).toBe(Role.CUSTOMER);
  });

  test('lists the admins', async () => {
    const [one, other] = await Promise.all([underTest.newUser(), underTest.newUser()]);
    await run('grant', one.email);
    expect((await run('list')).split('\n')).toContain(`${one.email}  Ann`);
    expect(await run('list')).not.toContain(other.email);
    expect(await run('list', one.email)).toBe(`${one.email}  Ann`);
    expect(await run('list', other.email)).toBe(`${other.email} is not an admin.`);
  });

  test('explains why it fails', async () => {
    const unknown = newEmail();
    for (const action of ['grant', 'revoke'])
      await expect(run(action, unknown)).rejects.toThrow(`No user has the e-mail ${unknown}.`);
    for (const args of [[], ['grant'], ['revoke'], ['grant', 'a', 'b'], ['rotate-keys', 'a'], ['toString', 'a']])
      await expect(run(...args)).rejects.toThrow('Usage: admin grant|revoke EMAIL');
  });

  test('works on an empty database', async () => {
    const database = await TestDatabase.create();
    try {
      expect(await admin(['list'], on(database.url))).toBe('There are no admins.');
      expect(await admin(['rotate-keys'], on(database.url))).toContain('signs access tokens now');
    } finally {
      await database.drop();
    }
  });
});

test('no request makes a user an admin', async () => {
  const { id } = await underTest.newUser();
  const caller = { userId: id, role: Role.CUSTOMER };
  const changes = { role: Role.ADMIN } as { name?: string };
  expect(await errorOf(underTest.client.updateProfile({ caller, changes }))).toMatchObject({ code: 'BAD_USER_INPUT' });
});
