import { Role } from '@app/contracts';
import { DatabaseServiceConfig } from '@app/platform';
import { eventually, TestDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { admin } from './admin.command.js';
import { errorOf, newEmail, UserServiceUnderTest } from '../test/user-service-under-test.js';

let world: UserServiceUnderTest;
beforeAll(async () => {
  world = await UserServiceUnderTest.start();
});
afterAll(() => world.close());

const on = (DATABASE_URL: string) => Object.assign(new DatabaseServiceConfig(), { DATABASE_URL });
const run = (...args: string[]) => admin(args, on(world.service.database.url));
const roleOf = async (token: string) => (await world.client.validateToken({ token })).role;

describe('an operator', () => {
  test('makes someone an admin, for the tokens that they have, too', async () => {
    const { email, accessToken, id } = await world.someone();
    expect(await run('grant', ` ${email.toUpperCase()} `)).toBe(`${email} is an admin now.`);
    expect(await roleOf(accessToken)).toBe(Role.ADMIN);
    expect(await world.client.getMany({ ids: [id] })).toMatchObject([{ role: Role.ADMIN, version: 2 }]);
    expect(await run('grant', email)).toBe(`${email} is an admin already.`);
  });

  test('makes an admin a customer, whose sessions end and are told to have ended', async () => {
    const { email, accessToken, sessionId } = await world.someone();
    await run('grant', email);
    expect(await run('revoke', email)).toBe(`${email} is no admin any more, and must log in again.`);
    expect(await errorOf(roleOf(accessToken))).toMatchObject({ code: 'UNAUTHENTICATED' });
    await eventually(() => expect(world.endedSessionIds).toContain(sessionId));
    expect(await roleOf((await world.login(email)).accessToken)).toBe(Role.CUSTOMER);
  });

  test('does not log out whom there is nothing to take from', async () => {
    const { email, accessToken } = await world.someone();
    expect(await run('revoke', email)).toBe(`${email} is no admin.`);
    expect(await roleOf(accessToken)).toBe(Role.CUSTOMER);
  });

  test('sees who is an admin', async () => {
    const [one, other] = await Promise.all([world.someone(), world.someone()]);
    await run('grant', one.email);
    expect((await run('list')).split('\n')).toContain(`${one.email}  Ann`);
    expect(await run('list')).not.toContain(other.email);
    expect(await run('list', one.email)).toBe(`${one.email}  Ann`);
    expect(await run('list', other.email)).toBe(`${other.email} is no admin.`);
  });

  test('is told in plain words what cannot be', async () => {
    const nobody = newEmail();
    for (const action of ['grant', 'revoke'])
      await expect(run(action, nobody)).rejects.toThrow(`Nobody has registered with ${nobody}.`);
    for (const args of [[], ['grant'], ['revoke'], ['grant', 'a', 'b'], ['rotate-keys', 'a'], ['toString', 'a']])
      await expect(run(...args)).rejects.toThrow('Usage: admin grant|revoke EMAIL');
  });

  test('may be there before the service ever ran', async () => {
    const database = await TestDatabase.create();
    try {
      expect(await admin(['list'], on(database.url))).toBe('There are no admins.');
      expect(await admin(['rotate-keys'], on(database.url))).toContain('signs access tokens at once');
    } finally {
      await database.drop();
    }
  });
});

test('nobody becomes an admin by a request', async () => {
  const { id } = await world.someone();
  const caller = { userId: id, role: Role.CUSTOMER };
  const changes = { role: Role.ADMIN } as { name?: string };
  expect(await errorOf(world.client.updateProfile({ caller, changes }))).toMatchObject({ code: 'BAD_USER_INPUT' });
});
