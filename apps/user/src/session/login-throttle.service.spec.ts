import type { AppError } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { userService } from '../user.module.js';
import { errorOf, newEmail, PASSWORD, UserServiceUnderTest } from '../../test/user-service-under-test.js';

let world: UserServiceUnderTest;
beforeAll(async () => {
  world = await UserServiceUnderTest.start();
  await world.service.startInstance(userService);
});
afterAll(() => world.close());

const login = (email: string, password: string) => errorOf(world.client.login({ email, password }));
const guess = (email: string) => login(email, 'a wrong guess');
const hashOf = (email: string) => createHash('sha256').update(email).digest('base64url');

interface Failures {
  failures: number;
  /** Seconds, from the last failure on. */
  wait: number;
}

async function failuresOf(email: string): Promise<Failures | undefined> {
  const sql = `select failures, extract(epoch from wait_until - last_failed_at)::int as wait
    from login_failures where email_hash = $1`;
  return (await world.service.database.query<Failures & object>(sql, [hashOf(email)]))[0];
}

/** Time goes by; or, below zero, is still to go by. */
const setWait = (email: string, seconds: number) =>
  world.service.database.query(
    `update login_failures set wait_until = now() + $2 * interval '1 second' where email_hash = $1`,
    [hashOf(email), seconds],
  );

test('guessing costs nothing four times, then a wait that doubles, alike for an e-mail that nobody has', async () => {
  const { email } = await world.someone();
  for (const each of [email, newEmail()]) {
    for (let failures = 1; failures <= 8; failures++) {
      expect(await guess(each)).toMatchObject({ code: 'INVALID_CREDENTIALS' });
      expect(await failuresOf(each)).toEqual({ failures, wait: failures < 5 ? 0 : 2 ** (failures - 5) });
      await setWait(each, -1);
    }
  }
});

test('during the wait no password is right, and nothing tells whether anybody has the e-mail', async () => {
  const { email } = await world.someone();
  const refusals: unknown[] = [];
  for (const each of [email, newEmail()]) {
    await guess(each);
    await setWait(each, 100);
    for (const password of [PASSWORD, 'a wrong guess']) {
      const error = (await login(each, password)) as AppError;
      expect(error).toMatchObject({ code: 'RATE_LIMITED', details: { retryAfter: expect.any(Number) } });
      const { retryAfter } = error.details as { retryAfter: number };
      expect(retryAfter).toBeGreaterThan(0);
      expect(retryAfter).toBeLessThanOrEqual(101);
      refusals.push(JSON.stringify(error).replaceAll(String(retryAfter), 'N'));
    }
    expect(await failuresOf(each)).toMatchObject({ failures: 1 });
  }
  expect(new Set(refusals).size).toBe(1);
});

test('after the wait the right password is let in, and the failures are forgotten', async () => {
  const { email } = await world.someone();
  for (let i = 0; i < 6; i++) {
    await guess(email);
    await setWait(email, -1);
  }
  expect(await login(email, PASSWORD)).toBeUndefined();
  expect(await failuresOf(email)).toBeUndefined();
});

test('a burst of guesses gets no more of them looked at than the waits allow', async () => {
  const { email } = await world.someone();
  const began = Date.now();
  const answers = (await Promise.all(Array.from({ length: 60 }, () => guess(email)))) as AppError[];
  const seconds = (Date.now() - began) / 1000;
  const looked = answers.filter(({ code }) => code === 'INVALID_CREDENTIALS').length;
  expect(answers.filter(({ code }) => code === 'RATE_LIMITED')).toHaveLength(60 - looked);
  expect(await failuresOf(email)).toMatchObject({ failures: looked });
  expect(looked).toBeGreaterThanOrEqual(5);
  // One after the other, so many would have had to wait this long.
  expect(2 ** (looked - 5) - 1).toBeLessThanOrEqual(seconds);
});

test('a right password whose check ends after a wait has begun is refused', async () => {
  const { email } = await world.someone();
  await guess(email);
  const db = new Client({ connectionString: world.service.database.url });
  await db.connect();
  try {
    await db.query('begin');
    const wait = `update login_failures set wait_until = now() + interval '100 seconds' where email_hash = $1`;
    await db.query(wait, [hashOf(email)]);
    const answer = login(email, PASSWORD);
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await eventually(async () => expect((await db.query(waiting)).rowCount).toBe(1));
    await db.query('commit');
    expect(await answer).toMatchObject({ code: 'RATE_LIMITED' });
  } finally {
    await db.end();
  }
});

test('many logins at once with the right password all succeed, also after a few failures', async () => {
  const { email } = await world.someone();
  for (let i = 0; i < 3; i++) await guess(email);
  const answers = await Promise.all(Array.from({ length: 50 }, () => login(email, PASSWORD)));
  expect(answers.filter((error) => error !== undefined)).toEqual([]);
});

test('guessing the current password in order to change it counts likewise', async () => {
  const { id: userId, email, sessionId } = await world.someone();
  const change = (currentPassword: string) =>
    errorOf(
      world.client.changePassword({ userId, sessionId, passwords: { currentPassword, newPassword: 'new password' } }),
    );
  for (let i = 0; i < 5; i++) expect(await change('a wrong guess')).toMatchObject({ code: 'INVALID_CREDENTIALS' });
  expect(await failuresOf(email)).toEqual({ failures: 5, wait: 1 });
  await setWait(email, 100);
  expect(await change(PASSWORD)).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await login(email, PASSWORD)).toMatchObject({ code: 'RATE_LIMITED' });
});

test('which e-mails were tried is not kept', async () => {
  const email = newEmail();
  await guess(email);
  const rows = JSON.stringify(await world.service.database.query('select * from login_failures'));
  expect(rows).toContain(hashOf(email));
  expect(rows).not.toContain(email);
});
