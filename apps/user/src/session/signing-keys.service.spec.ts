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

let world: UserServiceUnderTest;
let instance: NestFastifyApplication;
beforeAll(async () => {
  world = await UserServiceUnderTest.start();
  instance = await world.service.startInstance(userService);
});
afterEach(() => {
  jest.useRealTimers();
});
afterAll(() => world.close());

/** Moves the clock alone; whatever waits, waits as ever. */
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

/** Each instance answers some of so many. */
async function kidsOfLogins(email: string): Promise<string[]> {
  const logins = await Promise.all(Array.from({ length: 8 }, () => world.login(email)));
  return [...new Set(logins.map(kidOf))];
}

const rotate = () =>
  admin(['rotate-keys'], Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: world.service.database.url }));

test('others verify an access token by the JWKS alone, which holds nothing secret', async () => {
  const { id, accessToken } = await world.someone();
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

test('a new key is told at once, signs when all may know it, and logs nobody out; in the end the old one goes', async () => {
  const before = await world.someone();
  const [oldKid] = await kidsOfLogins(before.email);
  expect(await rotate()).toMatch(/^A new key signs access tokens from 20\S+Z on; 0 that no token needs any more/);

  pass(2);
  const newKid = (await keys()).map(({ kid }) => kid).find((kid) => kid !== oldKid);
  expect(newKid).toBeDefined();
  expect(await kidsOfLogins(before.email)).toEqual([oldKid]);

  pass(6);
  expect(await kidsOfLogins(before.email)).toEqual([newKid]);
  for (let i = 0; i < 8; i++) expect(await world.sessionOf(before)).toBe(before.sessionId);
  const refreshed = await world.client.refresh({ refreshToken: before.refreshToken });
  expect(kidOf(refreshed)).toBe(newKid);

  pass(20);
  const recent = await world.login(before.email);
  expect(await rotate()).toContain('1 that no token needs any more are removed');
  pass(2);
  const kids = (await keys()).map(({ kid }) => kid);
  expect(kids).toHaveLength(2);
  expect(kids).toContain(newKid);
  for (let i = 0; i < 8; i++) expect(await world.sessionOf(recent)).toBe(recent.sessionId);
});

test('instances that start at once on an empty database make one key', async () => {
  await world.service.database.query('delete from signing_keys');
  await Promise.all(Array.from({ length: 5 }, () => instance.get(SigningKeys).onModuleInit()));
  expect(await world.service.database.query('select from signing_keys')).toHaveLength(1);
});

test('a key that another instance signs with verifies here, though it has not been read here yet', async () => {
  await jwks();
  await rotate();
  await world.service.database.query(`update signing_keys set created_at = created_at - interval '1 hour'`);
  const another = await world.service.startInstance(userService);
  const { kid } = await another.get(SigningKeys).thatSigns();
  expect((await keys()).map((key) => key.kid)).not.toContain(kid);
  pass(0.1);
  expect(await instance.get(SigningKeys).byId(kid)).toMatchObject({ kid });
});

test('tokens of unknown keys cause few statements, however many there are and whether they come at once', async () => {
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
