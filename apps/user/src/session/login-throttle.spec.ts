import { errorOf, eventually } from '@app/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { userService } from '../user.module.js';
import { newEmail, PASSWORD, UserServiceUnderTest } from '../../test/user-service-under-test.js';

let underTest: UserServiceUnderTest;
beforeAll(async () => {
  underTest = await UserServiceUnderTest.start();
  await underTest.service.startInstance(userService);
});
afterAll(() => underTest.close());

const login = (email: string, password: string) => errorOf(underTest.client.login({ email, password }));
const guess = (email: string) => login(email, 'a wrong guess');
const hashOf = (email: string) => createHash('sha256').update(email).digest('base64url');

interface Failures {
  failures: number;
  /** Seconds from the last failure. */
  wait: number;
}

async function failuresOf(email: string): Promise<Failures | undefined> {
  const sql = `select failures, extract(epoch from wait_until - last_failed_at)::int as wait
    from login_failures where email_hash = $1`;
  return (await underTest.service.database.query<Failures & object>(sql, [hashOf(email)]))[0];
}

/** Ends the wait in so many seconds; a negative number has ended it already. */
const setWait = (email: string, seconds: number) =>
  underTest.service.database.query(
    `update login_failures set wait_until = now() + $2 * interval '1 second' where email_hash = $1`,
    [hashOf(email), seconds],
  );

test('four failures are free, then each doubles the wait, also for an unknown e-mail', async () => {
  const { email } = await underTest.newUser();
  for (const each of [email, newEmail()]) {
    for (let failures = 1; failures <= 8; failures++) {
      expect(await guess(each)).toMatchObject({ code: 'INVALID_CREDENTIALS' });
      expect(await failuresOf(each)).toEqual({ failures, wait: failures < 5 ? 0 : 2 ** (failures - 5) });
      await setWait(each, -1);
    }
  }
});

test('during the wait every password is rejected, with the same error for an unknown e-mail', async () => {
  const { email } = await underTest.newUser();
  const refusals: unknown[] = [];
  for (const each of [email, newEmail()]) {
    await guess(each);
    await setWait(each, 100);
    for (const password of [PASSWORD, 'a wrong guess']) {
      const error = (await login(each, password))!;
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

test('after the wait the right password is accepted, and the failures are reset', async () => {
  const { email } = await underTest.newUser();
  for (let i = 0; i < 6; i++) {
    await guess(email);
    await setWait(email, -1);
  }
  expect(await login(email, PASSWORD)).toBeUndefined();
  expect(await failuresOf(email)).toBeUndefined();
});

test('of concurrent guesses, no more are checked than the waits allow', async () => {
  const { email } = await underTest.newUser();
  const began = Date.now();
  const answers = await Promise.all(Array.from({ length: 60 }, () => guess(email)));
  const seconds = (Date.now() - began) / 1000;
  const checked = answers.filter((error) => error?.code === 'INVALID_CREDENTIALS').length;
  expect(answers.filter((error) => error?.code === 'RATE_LIMITED')).toHaveLength(60 - checked);
  expect(await failuresOf(email)).toMatchObject({ failures: checked });
  expect(checked).toBeGreaterThanOrEqual(5);
  // In sequence, this many guesses would have waited so long.
  expect(2 ** (checked - 5) - 1).toBeLessThanOrEqual(seconds);
});

test('a right password is rejected when a wait begins while it is checked', async () => {
  const { email } = await underTest.newUser();
  await guess(email);
  const db = new Client({ connectionString: underTest.service.database.url });
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

test('many concurrent logins with the right password succeed, also after a few failures', async () => {
  const { email } = await underTest.newUser();
  for (let i = 0; i < 3; i++) await guess(email);
  const answers = await Promise.all(Array.from({ length: 50 }, () => login(email, PASSWORD)));
  expect(answers.filter((error) => error !== undefined)).toEqual([]);
});

test('a wrong current password in a password change counts as a failure', async () => {
  const { id: userId, email, sessionId } = await underTest.newUser();
  const change = (currentPassword: string) =>
    errorOf(
      underTest.client.changePassword({
        userId,
        sessionId,
        passwords: { currentPassword, newPassword: 'new password' },
      }),
    );
  for (let i = 0; i < 5; i++) expect(await change('a wrong guess')).toMatchObject({ code: 'INVALID_CREDENTIALS' });
  expect(await failuresOf(email)).toEqual({ failures: 5, wait: 1 });
  await setWait(email, 100);
  expect(await change(PASSWORD)).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await login(email, PASSWORD)).toMatchObject({ code: 'RATE_LIMITED' });
});

test('stores no e-mail in plain text', async () => {
  const email = newEmail();
  await guess(email);
  const rows = JSON.stringify(await underTest.service.database.query('select * from login_failures'));
  expect(rows).toContain(hashOf(email));
  expect(rows).not.toContain(email);
});
