import { users } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { userService } from '../user.module.js';
import { errorOf, newEmail, PASSWORD, UserServiceUnderTest, type Someone } from '../../test/user-service-under-test.js';

const refused = { code: 'INVALID_REFRESH_TOKEN' };
const ended = { code: 'UNAUTHENTICATED' };

let world: UserServiceUnderTest;
beforeAll(async () => {
  world = await UserServiceUnderTest.start();
  await world.service.startInstance(userService);
});
afterAll(() => world.close());

const refresh = (refreshToken: string) => world.client.refresh({ refreshToken });
const query = (sql: string, values: unknown[]) => world.service.database.query<{ id: string }>(sql, values);
const changePassword = ({ id, sessionId }: Someone, currentPassword: string, newPassword = 'new password') =>
  world.client.changePassword({ userId: id, sessionId, passwords: { currentPassword, newPassword } });

describe('a refresh token', () => {
  test('is good for one use, and its successor goes on with the same session', async () => {
    const someone = await world.someone();
    let tokens = await refresh(someone.refreshToken);
    for (let i = 0; i < 3; i++) tokens = await refresh(tokens.refreshToken);
    expect(await world.sessionOf(tokens)).toBe(someone.sessionId);
    expect(await world.sessionOf(someone)).toBe(someone.sessionId);
  });

  test('that comes again ends its session, for every token of it and no other, and that is told', async () => {
    const someone = await world.someone();
    const otherLogin = await world.login(someone.email);
    const successor = await refresh(someone.refreshToken);
    expect(await errorOf(refresh(someone.refreshToken))).toMatchObject(refused);
    expect(await errorOf(refresh(successor.refreshToken))).toMatchObject(refused);
    for (const tokens of [someone, successor]) expect(await errorOf(world.sessionOf(tokens))).toMatchObject(ended);
    await eventually(() => expect(world.endedSessionIds).toContain(someone.sessionId));
    expect(world.endedSessionIds).not.toContain(otherLogin.sessionId);
    expect(await world.sessionOf(await refresh(otherLogin.refreshToken))).toBe(otherLogin.sessionId);
  });

  test('that comes twice at once is honoured once at most, and then ends its session', async () => {
    for (let round = 0; round < 10; round++) {
      const { refreshToken } = await world.someone();
      const uses = await Promise.allSettled([refresh(refreshToken), refresh(refreshToken)]);
      const honoured = uses.flatMap((use) => (use.status === 'fulfilled' ? [use.value] : []));
      expect(honoured).toHaveLength(1);
      expect(await errorOf(world.sessionOf(honoured[0]!))).toMatchObject(ended);
      expect(await errorOf(refresh(honoured[0]!.refreshToken))).toMatchObject(refused);
    }
  });

  test('is refused in the same words whatever is wrong with it', async () => {
    const [used, loggedOut, expired, guessed] = await Promise.all([
      world.someone(),
      world.someone(),
      world.someone(),
      world.someone(),
    ]);
    await refresh(used.refreshToken);
    await world.client.logout({ userId: loggedOut.id, sessionId: loggedOut.sessionId, everywhere: false });
    await query(`update sessions set expires_at = now() - interval '1 second' where id = $1`, [expired.sessionId]);
    const guess = Buffer.from(guessed.refreshToken, 'base64url').fill(0, 16).toString('base64url');
    const wrong = [
      ...[used, loggedOut, expired].map(({ refreshToken }) => refreshToken),
      guess,
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
    const errors = await Promise.all(wrong.map((token) => errorOf(refresh(token))));
    expect(errors[0]).toMatchObject(refused);
    for (const error of errors) expect(error).toEqual(errors[0]);
  });

  test('puts off the end of its session', async () => {
    const { refreshToken, sessionId } = await world.someone();
    await query(`update sessions set expires_at = now() + interval '1 hour' where id = $1`, [sessionId]);
    await refresh(refreshToken);
    const late = `select from sessions where id = $1 and expires_at > now() + interval '29 days'`;
    expect(await query(late, [sessionId])).toHaveLength(1);
  });
});

describe('logging out', () => {
  test('ends this session alone', async () => {
    const someone = await world.someone();
    const otherLogin = await world.login(someone.email);
    await world.client.logout({ userId: someone.id, sessionId: someone.sessionId, everywhere: false });
    expect(await errorOf(world.sessionOf(someone))).toMatchObject(ended);
    expect(await errorOf(refresh(someone.refreshToken))).toMatchObject(refused);
    expect(await world.sessionOf(otherLogin)).toBe(otherLogin.sessionId);
    await eventually(() => expect(world.endedSessionIds).toContain(someone.sessionId));
  });

  test('everywhere ends all of the user and of nobody else, and tells of each of them once, in portions', async () => {
    const [someone, other] = await Promise.all([world.someone(), world.someone()]);
    await query(
      `insert into sessions (id, user_id, refresh_token_hash, created_at, expires_at)
       select gen_random_uuid(), $1, '', now(), now() + interval '1 day' from generate_series(1, 2500)`,
      [someone.id],
    );
    const sessions = (await query('select id from sessions where user_id = $1', [someone.id])).map(({ id }) => id);
    await world.client.logout({ userId: someone.id, sessionId: someone.sessionId, everywhere: true });
    const told = () => world.endedSessionIds.filter((id) => sessions.includes(id));
    await eventually(() => expect(told()).toHaveLength(2501));
    expect(new Set(told()).size).toBe(2501);
    for (const { sessionIds } of world.service.publishedOf(users.events.sessionEnded))
      expect(sessionIds.length).toBeLessThanOrEqual(1000);
    expect(await errorOf(world.sessionOf(someone))).toMatchObject(ended);
    expect(await world.sessionOf(other)).toBe(other.sessionId);
  });

  test('of a session that is not the user’s own ends nothing', async () => {
    const [someone, other] = await Promise.all([world.someone(), world.someone()]);
    await world.client.logout({ userId: someone.id, sessionId: other.sessionId, everywhere: false });
    expect(await world.sessionOf(other)).toBe(other.sessionId);
  });
});

describe('changing the password', () => {
  test('ends the other sessions, and gives new tokens to this one', async () => {
    const someone = await world.someone();
    const otherLogin = await world.login(someone.email);
    const tokens = await changePassword(someone, PASSWORD, 'new password');
    expect(await world.sessionOf(tokens)).toBe(someone.sessionId);
    expect(await world.sessionOf(await refresh(tokens.refreshToken))).toBe(someone.sessionId);
    expect(await errorOf(world.sessionOf(otherLogin))).toMatchObject(ended);
    expect(await errorOf(refresh(otherLogin.refreshToken))).toMatchObject(refused);
    await eventually(() => expect(world.endedSessionIds).toContain(otherLogin.sessionId));
    expect(world.endedSessionIds).not.toContain(someone.sessionId);
    expect(await errorOf(world.login(someone.email))).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    await world.client.login({ email: someone.email, password: 'new password' });
  });

  test('makes the refresh token of before one that was used', async () => {
    const someone = await world.someone();
    const tokens = await changePassword(someone, PASSWORD);
    expect(await errorOf(refresh(someone.refreshToken))).toMatchObject(refused);
    expect(await errorOf(refresh(tokens.refreshToken))).toMatchObject(refused);
  });

  test('needs the current one, and a session that lives', async () => {
    const someone = await world.someone();
    expect(await errorOf(changePassword(someone, 'wrong password'))).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    const otherLogin = await world.login(someone.email);
    await world.client.logout({ userId: someone.id, sessionId: someone.sessionId, everywhere: false });
    expect(await errorOf(changePassword(someone, PASSWORD))).toMatchObject(ended);
    expect(await world.sessionOf(otherLogin)).toBe(otherLogin.sessionId);
    await world.login(someone.email);
  });
});

describe('what comes at the same time', () => {
  /** Holds the user's row while each of these begins, the one after the other. @returns what became of them. */
  async function whileLocked<T extends unknown[]>(userId: string, ...begin: { [K in keyof T]: () => Promise<T[K]> }) {
    const db = new Client({ connectionString: world.service.database.url });
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

  test('a login as all sessions are ended is ended with them', async () => {
    const someone = await world.someone();
    const [login] = await whileLocked(
      someone.id,
      () => world.client.login({ email: someone.email, password: PASSWORD }),
      () => world.client.logout({ userId: someone.id, sessionId: someone.sessionId, everywhere: true }),
    );
    const tokens = (login as PromiseFulfilledResult<{ accessToken: string; refreshToken: string }>).value;
    expect(await errorOf(world.sessionOf(tokens))).toMatchObject(ended);
  });

  test('a login as the password changes does not get in with the old one', async () => {
    const someone = await world.someone();
    const [changed, login] = await whileLocked(
      someone.id,
      () => changePassword(someone, PASSWORD),
      () => world.client.login({ email: someone.email, password: PASSWORD }),
    );
    expect(changed).toMatchObject({ status: 'fulfilled' });
    expect(login).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_CREDENTIALS' } });
  });

  test('another change of the password is refused, since the current one is another by then', async () => {
    const someone = await world.someone();
    const changes = await whileLocked(
      someone.id,
      () => changePassword(someone, PASSWORD, 'first password'),
      () => changePassword(someone, PASSWORD, 'second password'),
    );
    expect(changes).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'INVALID_CREDENTIALS' } }]);
    await world.client.login({ email: someone.email, password: 'first password' });
  });
});

test('which sessions have ended is known of those that were logged out, have expired, or never were', async () => {
  const [live, loggedOut, expired] = await Promise.all([world.someone(), world.someone(), world.someone()]);
  await world.client.logout({ userId: loggedOut.id, sessionId: loggedOut.sessionId, everywhere: false });
  await query('update sessions set expires_at = now() where id = $1', [expired.sessionId]);
  const over = [loggedOut.sessionId, expired.sessionId, randomUUID()];
  expect(await world.client.endedSessions({ ids: [live.sessionId, ...over] })).toEqual(over);
  expect(await errorOf(world.sessionOf(expired))).toMatchObject(ended);
});

test('what is stale is removed when an instance starts, and nothing else is', async () => {
  const [live, expired] = await Promise.all([world.someone(), world.someone()]);
  await query('update sessions set expires_at = now() where id = $1', [expired.sessionId]);
  const failed = await Promise.all(
    ['25 hours', '23 hours'].map(async (ago) => {
      const hash = newEmail();
      const sql = `insert into login_failures (email_hash, last_failed_at) values ($1, now() - $2::interval)`;
      await query(sql, [hash, ago]);
      return hash;
    }),
  );
  await world.service.startInstance(userService);
  const ids = [live.sessionId, expired.sessionId];
  await eventually(async () => {
    expect(await query('select id from sessions where id = any($1)', [ids])).toEqual([{ id: live.sessionId }]);
    expect(await query('select email_hash from login_failures where email_hash = any($1)', [failed])).toEqual([
      { email_hash: failed[1] },
    ]);
  });
});
