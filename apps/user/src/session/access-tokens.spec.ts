import { Role, type UserClient } from '@app/contracts';
import { errorOf, type ServiceUnderTest } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { UserServiceUnderTest } from '../../test/user-service-under-test.js';
import { userService } from '../user.module.js';

let underTest: UserServiceUnderTest;
let service: ServiceUnderTest;
let client: UserClient;
beforeAll(async () => {
  underTest = await UserServiceUnderTest.start();
  ({ service, client } = underTest);
});
afterAll(() => underTest.close());

describe('an access token', () => {
  test('identifies its user, with a role and an expiry', async () => {
    const { id, accessToken } = await underTest.newUser();
    const { userId, role, expiresAt } = await client.validateToken({ token: accessToken });
    expect({ userId, role }).toEqual({ userId: id, role: Role.CUSTOMER });
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  });

  test('is accepted by every instance, also by those started later', async () => {
    const { email } = await underTest.newUser();
    await service.startInstance(userService);
    const tokens = await Promise.all(Array.from({ length: 6 }, () => underTest.login(email)));
    for (const { accessToken } of [...tokens, ...tokens])
      expect(await client.validateToken({ token: accessToken })).toMatchObject({ role: Role.CUSTOMER });
  });
});

describe('an access token is rejected', () => {
  const refused = { code: 'UNAUTHENTICATED' };

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
      expect(await errorOf(client.validateToken({ token }))).toMatchObject(refused);
  });

  test('when its session has ended', async () => {
    const { id, accessToken } = await underTest.newUser();
    await service.database.query('update sessions set ended_at = now() where user_id = $1', [id]);
    expect(await errorOf(client.validateToken({ token: accessToken }))).toMatchObject(refused);
  });
});
