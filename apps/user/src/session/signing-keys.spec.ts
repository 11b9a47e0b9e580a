import { DatabaseServiceConfig } from '@app/platform';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EntityManager } from '@mikro-orm/postgresql';
import { createPublicKey, randomUUID, verify, type JsonWebKey } from 'node:crypto';
import { admin } from '../admin.command.js';
import { userService } from '../user.module.js';
import { UserServiceUnderTest } from '../../test/user-service-under-test.js';
import { SigningKeys } from './signing-keys.js';

const MINUTE_MS = 60_000;

let underTest: UserServiceUnderTest;
let instance: NestFastifyApplication;
beforeAll(async () => {
  underTest = await UserServiceUnderTest.start();
  instance = await underTest.service.startInstance(userService);
});
afterEach(() => {
  jest.useRealTimers();
});
afterAll(() => underTest.close());

/** Moves only the clock: timers keep their real time. */
function pass(minutes: number) {
  const doNotFake = [
    'setTimeout',
    'setInterval',
    'setImmediate',
    'nextTick',
    'queueMicrotask',
    'performance',
    'hrtime',
  ];
  const clear = ['clearTimeout', 'clearInterval', 'clearImmediate'];
  const now = Date.now() + minutes * MINUTE_MS;
  jest.useFakeTimers({ now, doNotFake: [...doNotFake, ...clear] as 'setTimeout'[] });
}

const jwks = () => instance.inject({ method: 'GET', url: '/.well-known/jwks.json' });
const keys = async () => (await jwks()).json<{ keys: (JsonWebKey & { kid: string })[] }>().keys;

const part = (token: string, index: number) =>
  JSON.parse(Buffer.from(token.split('.')[index]!, 'base64url').toString()) as { kid: string; sub: string };
const kidOf = ({ accessToken }: { accessToken: string }) => part(accessToken, 0).kid;

/** Enough logins for each instance to answer some. */
async function kidsOfLogins(email: string): Promise<string[]> {
  const logins = await Promise.all(Array.from({ length: 8 }, () => underTest.login(email)));
  return [...new Set(logins.map(kidOf))];
}

const rotate = () =>
  admin(['rotate-keys'], Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: underTest.service.database.url }));

test('the JWKS is enough to verify an access token, and contains no secret', async () => {
  const { id, accessToken } = await underTest.newUser();
  const answer = await jwks();
  expect(answer.headers).toMatchObject({
    'cache-control': 'public, max-age=300',
    'content-type': expect.stringContaining('application/jwk-set+json'),
  });
  const jwk = (await keys()).find(({ kid }) => kid === kidOf({ accessToken }));
  expect(Object.keys(jwk!).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  const [header, claims, signature] = accessToken.split('.') as [string, string, string];
  const key = { key: createPublicKey({ key: jwk!, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
  const holds = (signed: string) => verify('sha256', Buffer.from(signed), key, Buffer.from(signature, 'base64url'));
  expect(holds(`${header}.${claims}`)).toBe(true);
  expect(holds(`${header}.${claims}x`)).toBe(false);
  expect(part(accessToken, 1)).toMatchObject({ sub: id, iss: 'bazaar' });
});

test('a new key is published at once and signs later, ends no session, and the old one is removed in the end', async () => {
  const before = await underTest.newUser();
  const [oldKid] = await kidsOfLogins(before.email);
  expect(await rotate()).toMatch(/^A new key signs access tokens from 20\S+Z\. .*: 0\.$/);

  pass(2);
  const newKid = (await keys()).map(({ kid }) => kid).find((kid) => kid !== oldKid);
  expect(newKid).toBeDefined();
  expect(await kidsOfLogins(before.email)).toEqual([oldKid]);

  pass(6);
  expect(await kidsOfLogins(before.email)).toEqual([newKid]);
  for (let i = 0; i < 8; i++) expect(await underTest.sessionOf(before)).toBe(before.sessionId);
  const refreshed = await underTest.client.refresh({ refreshToken: before.refreshToken });
  expect(kidOf(refreshed)).toBe(newKid);

  pass(20);
  const recent = await underTest.login(before.email);
  expect(await rotate()).toMatch(/: 1\.$/);
  pass(2);
  const kids = (await keys()).map(({ kid }) => kid);
  expect(kids).toHaveLength(2);
  expect(kids).toContain(newKid);
  for (let i = 0; i < 8; i++) expect(await underTest.sessionOf(recent)).toBe(recent.sessionId);
});

test('instances that start at once on an empty database create one key', async () => {
  await underTest.service.database.query('delete from signing_keys');
  await Promise.all(Array.from({ length: 5 }, () => instance.get(SigningKeys).onModuleInit()));
  expect(await underTest.service.database.query('select from signing_keys')).toHaveLength(1);
});

test('an instance reads a key that another instance signs with, when it meets the first token', async () => {
  await jwks();
  await rotate();
  await underTest.service.database.query(`update signing_keys set created_at = created_at - interval '1 hour'`);
  const another = await underTest.service.startInstance(userService);
  const { kid } = await another.get(SigningKeys).current();
  expect((await keys()).map((key) => key.kid)).not.toContain(kid);
  pass(0.1);
  expect(await instance.get(SigningKeys).byId(kid)).toMatchObject({ kid });
});

test('many tokens with unknown keys cause few statements', async () => {
  const signingKeys = instance.get(SigningKeys);
  const find = jest.spyOn(EntityManager.prototype, 'find');
  const unknown = () => signingKeys.byId(randomUUID());
  try {
    pass(2);
    await Promise.all(Array.from({ length: 750 }, unknown));
    for (let i = 0; i < 750; i++) expect(await unknown()).toBeUndefined();
    expect(find.mock.calls.length).toBeLessThanOrEqual(2);
    pass(0.1);
    await Promise.all(Array.from({ length: 750 }, unknown));
    expect(find.mock.calls.length).toBeLessThanOrEqual(3);
  } finally {
    find.mockRestore();
  }
});
