import type { UserClient } from '@app/contracts';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import argon2 from '@node-rs/argon2';
import { randomUUID } from 'node:crypto';
import { UserServiceUnderTest } from '../../test/user-service-under-test.js';

/** The response time depends on the number of these calls and on their parameters. */
const work = { hash: jest.spyOn(argon2, 'hash'), verify: jest.spyOn(argon2, 'verify') };

let service: ServiceUnderTest;
let client: UserClient;
beforeAll(async () => {
  ({ service, client } = await UserServiceUnderTest.start());
});
afterAll(() => service.close());

/** The hashing that a request caused, and how it ended. */
async function workOf(act: () => Promise<unknown>) {
  work.hash.mockClear();
  work.verify.mockClear();
  const end = await act().then(
    () => 'OK',
    ({ code }: { code: string }) => code,
  );
  const parameters = work.verify.mock.calls.map(([hash]) => String(hash).split('$').slice(1, 4).join());
  return { end, hashes: work.hash.mock.calls.map(([, options]) => options), verifies: parameters };
}

test('a known e-mail causes as much work as an unknown one', async () => {
  const [email, unknown] = [randomUUID(), randomUUID()].map((name) => `${name}@example.com`) as [string, string];
  const register = (address: string) =>
    workOf(() => client.register({ name: 'Ann', email: address, password: '12345678' }));
  const login = (address: string, password: string) => workOf(() => client.login({ email: address, password }));

  const nobody = await login(unknown, '12345678');
  const registered = await register(email);
  const taken = await register(email);
  const wrong = await login(email, '87654321');
  const right = await login(email, '12345678');

  expect([registered.end, taken.end]).toEqual(['OK', 'EMAIL_TAKEN']);
  expect(registered.hashes).toHaveLength(1);
  expect(taken).toEqual({ ...registered, end: 'EMAIL_TAKEN' });
  expect([nobody.end, wrong.end, right.end]).toEqual(['INVALID_CREDENTIALS', 'INVALID_CREDENTIALS', 'OK']);
  expect(wrong.verifies).toHaveLength(1);
  expect(nobody).toEqual(wrong);
  expect(right).toEqual({ ...wrong, end: 'OK' });
});

test('a password that was typed in another form causes as much work for an unknown e-mail', async () => {
  const [email, unknown] = [randomUUID(), randomUUID()].map((name) => `${name}@example.com`) as [string, string];
  await client.register({ name: 'Ann', email, password: 'caf\u00E9 au lait' });
  const login = (address: string) => workOf(() => client.login({ email: address, password: 'cafe\u0301 au lait!' }));
  const [wrong, nobody] = [await login(email), await login(unknown)];
  expect(wrong).toMatchObject({ end: 'INVALID_CREDENTIALS', hashes: [] });
  expect(wrong.verifies).toHaveLength(2);
  expect(nobody).toEqual(wrong);
});

test('a guess during a wait causes no work, for a known and for an unknown e-mail', async () => {
  const [email, unknown] = [randomUUID(), randomUUID()].map((name) => `${name}@example.com`) as [string, string];
  await client.register({ name: 'Ann', email, password: '12345678' });
  for (const each of [email, unknown]) {
    const login = () => workOf(() => client.login({ email: each, password: 'a wrong guess' }));
    expect(await login()).toMatchObject({ end: 'INVALID_CREDENTIALS' });
    await service.database.query(`update login_failures set wait_until = now() + interval '100 seconds'`);
    expect(await login()).toEqual({ end: 'RATE_LIMITED', hashes: [], verifies: [] });
  }
});
