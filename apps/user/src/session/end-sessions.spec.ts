import { users } from '@app/contracts';
import { errorOf, eventually } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { PASSWORD, UserServiceUnderTest, type TestUser } from '../../test/user-service-under-test.js';
import { userService } from '../user.module.js';

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

describe('logging out', () => {
  test('ends only this session', async () => {
    const user = await underTest.newUser();
    const otherLogin = await underTest.login(user.email);
    await underTest.client.logout({ userId: user.id, sessionId: user.sessionId, everywhere: false });
    expect(await errorOf(underTest.sessionOf(user))).toMatchObject(ended);
    expect(await errorOf(refresh(user.refreshToken))).toMatchObject(refused);
    expect(await underTest.sessionOf(otherLogin)).toBe(otherLogin.sessionId);
    await eventually(() => expect(underTest.endedSessionIds).toContain(user.sessionId));
  });

  test('everywhere ends all sessions of the user only, and announces each once, in batches', async () => {
    const [user, other] = await Promise.all([underTest.newUser(), underTest.newUser()]);
    await query(
      `insert into sessions (id, user_id, refresh_token_hash, created_at, expires_at)
       select gen_random_uuid(), $1, '', now(), now() + interval '1 day' from generate_series(1, 2500)`,
      [user.id],
    );
    const sessions = (await query('select id from sessions where user_id = $1', [user.id])).map(({ id }) => id);
    await underTest.client.logout({ userId: user.id, sessionId: user.sessionId, everywhere: true });
    const announced = () => underTest.endedSessionIds.filter((id) => sessions.includes(id));
    await eventually(() => expect(announced()).toHaveLength(2501));
    expect(new Set(announced()).size).toBe(2501);
    for (const { sessionIds } of underTest.service.publishedOf(users.events.sessionEnded))
      expect(sessionIds.length).toBeLessThanOrEqual(1000);
    expect(await errorOf(underTest.sessionOf(user))).toMatchObject(ended);
    expect(await underTest.sessionOf(other)).toBe(other.sessionId);
  });

  test('from another user’s session ends nothing', async () => {
    const [user, other] = await Promise.all([underTest.newUser(), underTest.newUser()]);
    await underTest.client.logout({ userId: user.id, sessionId: other.sessionId, everywhere: false });
    expect(await underTest.sessionOf(other)).toBe(other.sessionId);
  });
});

describe('a concurrent request', () => {
  /** Locks the user's row, starts the requests one after another, then unlocks it. @returns their results. */
  async function whileLocked<T extends unknown[]>(userId: string, ...begin: { [K in keyof T]: () => Promise<T[K]> }) {
    const db = new Client({ connectionString: underTest.service.database.url });
    await db.connect();
    try {
      await db.query('begin');
      await db.query('select from users where id = $1 for update', [userId]);
      const begun: Promise<unknown>[] = [];
      for (const each of begin) {
        begun.push(each());
        await eventually(() => expectWaiting(begun.length));
      }
      await db.query('commit');
      return (await Promise.allSettled(begun)) as { [K in keyof T]: PromiseSettledResult<T[K]> };
    } finally {
      await db.end();
    }
  }

  async function expectWaiting(count: number) {
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    expect(await query(waiting, [])).toHaveLength(count);
  }

  test('a login during a logout everywhere is ended too', async () => {
    const user = await underTest.newUser();
    const [login] = await whileLocked(
      user.id,
      () => underTest.client.login({ email: user.email, password: PASSWORD }),
      () => underTest.client.logout({ userId: user.id, sessionId: user.sessionId, everywhere: true }),
    );
    const tokens = (login as PromiseFulfilledResult<{ accessToken: string; refreshToken: string }>).value;
    expect(await errorOf(underTest.sessionOf(tokens))).toMatchObject(ended);
  });

  test('a login with the old password during a password change is rejected', async () => {
    const user = await underTest.newUser();
    const [changed, login] = await whileLocked(
      user.id,
      () => changePassword(user, PASSWORD),
      () => underTest.client.login({ email: user.email, password: PASSWORD }),
    );
    expect(changed).toMatchObject({ status: 'fulfilled' });
    expect(login).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_CREDENTIALS' } });
  });

  test('a second password change is rejected, because the current password has changed', async () => {
    const user = await underTest.newUser();
    const changes = await whileLocked(
      user.id,
      () => changePassword(user, PASSWORD, 'first password'),
      () => changePassword(user, PASSWORD, 'second password'),
    );
    expect(changes).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'INVALID_CREDENTIALS' } }]);
    await underTest.client.login({ email: user.email, password: 'first password' });
  });
});
