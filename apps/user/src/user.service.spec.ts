import { AppError, Role, users, type Page, type ProfileInput, type UserClient, type UserDto } from '@app/contracts';
import { eventually, ServiceUnderTest } from '@app/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { userService } from './user.module.js';

const password = 'correct horse';
let service: ServiceUnderTest;
let client: UserClient;
beforeAll(async () => {
  service = await ServiceUnderTest.start(userService);
  client = service.client(users);
});
afterAll(() => service.close());

const newEmail = () => `${randomUUID()}@example.com`;
const register = (email = newEmail()) => client.register({ name: 'Ann', email, password });
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: AppError) => error,
  );

describe('registering', () => {
  test('makes a customer without a profile yet, and is told', async () => {
    const email = newEmail();
    const user = await register(` ${email.toUpperCase()} `);
    expect(user).toMatchObject({ name: 'Ann', email, role: Role.CUSTOMER, profile: { shippingAddress: '', city: '' } });
    expect(await client.getMany({ ids: [user.id] })).toEqual([user]);
    expect((await client.list({}))[0]).toEqual(user);
    await eventually(() =>
      expect(service.publishedOf(users.events.registered)).toContainEqual({
        userId: user.id,
        version: 1,
        registeredAt: user.createdAt,
      }),
    );
  });

  test('twice with one e-mail, in any spelling and at once, makes one user', async () => {
    const email = newEmail();
    const results = await Promise.all([email, email.toUpperCase(), ` ${email}`].map((each) => errorOf(register(each))));
    expect(results.filter((error) => error === undefined)).toHaveLength(1);
    expect(results.filter((error) => error?.code === 'EMAIL_TAKEN')).toHaveLength(2);
  });

  test('keeps neither password nor token in the clear', async () => {
    const { email, id } = await register();
    const { refreshToken } = await client.login({ email, password });
    const [user] = await service.database.query<{ password_hash: string }>('select * from users where id = $1', [id]);
    expect(user!.password_hash).toMatch(/^\$argon2id\$/);
    const sessions = JSON.stringify(await service.database.query('select * from sessions where user_id = $1', [id]));
    expect(sessions).not.toContain(refreshToken);
  });
});

describe('logging in', () => {
  test('gives an access token that says who its bearer is', async () => {
    const { email, id } = await register();
    const { accessToken } = await client.login({ email: email.toUpperCase(), password });
    const { userId, role, expiresAt } = await client.validateToken({ token: accessToken });
    expect({ userId, role }).toEqual({ userId: id, role: Role.CUSTOMER });
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  });

  test('answers alike for a wrong password and for an e-mail that nobody has', async () => {
    const { email } = await register();
    const wrongPassword = await errorOf(client.login({ email, password: 'wrong password' }));
    const nobody = await errorOf(client.login({ email: newEmail(), password }));
    expect(wrongPassword).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    expect(nobody).toEqual(wrongPassword);
  });

  test('works with tokens of any instance and of before a restart', async () => {
    const { email } = await register();
    await service.startInstance(userService);
    const tokens = await Promise.all(Array.from({ length: 6 }, () => client.login({ email, password })));
    for (const { accessToken } of [...tokens, ...tokens])
      expect(await client.validateToken({ token: accessToken })).toMatchObject({ role: Role.CUSTOMER });
  });
});

describe('an access token is refused', () => {
  const refused = { code: 'UNAUTHENTICATED' };

  test('when it is none, or was tampered with, or is signed by nobody', async () => {
    const { email } = await register();
    const { accessToken } = await client.login({ email, password });
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
    const { email, id } = await register();
    const { accessToken } = await client.login({ email, password });
    await service.database.query('update sessions set ended_at = now() where user_id = $1', [id]);
    expect(await errorOf(client.validateToken({ token: accessToken }))).toMatchObject(refused);
  });
});

describe('a profile', () => {
  test('changes only in what is given, and is told with its version', async () => {
    const { id: userId } = await register();
    const caller = { userId, role: Role.CUSTOMER };
    await client.updateProfile({ caller, changes: { city: 'Town', shippingAddress: '1 Main St' } });
    const user = await client.updateProfile({ caller, changes: { name: 'Ann B', city: 'Village' } });
    expect(user).toMatchObject({
      name: 'Ann B',
      version: 3,
      profile: { city: 'Village', shippingAddress: '1 Main St', bio: '' },
    });
    await eventually(() =>
      expect(service.publishedOf(users.events.profileUpdated)).toContainEqual({
        userId,
        version: 3,
        shippingAddress: '1 Main St',
        pincode: '',
        city: 'Village',
        country: '',
        phoneNumber: '',
      }),
    );
  });

  test('publishes an event when the address changes, and none when anything else or nothing does', async () => {
    const { id: userId } = await register();
    const caller = { userId, role: Role.CUSTOMER };
    const change = (changes: ProfileInput) => client.updateProfile({ caller, changes });
    await change({ city: 'Town' });
    await change({ name: 'Ann B', bio: 'Hello' });
    await change({ city: 'Town' });
    await change({});
    const { version } = await change({ country: 'NL', bio: 'Bye' });
    await service.settled();
    const published = () => service.publishedOf(users.events.profileUpdated).filter((event) => event.userId === userId);
    await eventually(() => expect(published().map((event) => event.version)).toEqual([2, version]));
  });

  test('that is changed from several places at once loses none of it', async () => {
    const { id: userId } = await register();
    const caller = { userId, role: Role.CUSTOMER };
    const changes = [{ city: 'Town' }, { country: 'NL' }, { pincode: '12345' }, { bio: 'Hello' }];
    await Promise.all(changes.map((change) => client.updateProfile({ caller, changes: change })));
    const [user] = await client.getMany({ ids: [userId] });
    expect(user).toMatchObject({ version: 5, profile: Object.assign({}, ...changes) });
  });
});

describe('the pages of users', () => {
  /** Follows the cursors to the end; `between` happens after each page. */
  async function walk(first: number, between: () => Promise<unknown>): Promise<UserDto[]> {
    const seen: UserDto[] = [];
    let after: string | null = null;
    for (;;) {
      const { edges, pageInfo }: Page<UserDto> = await client.page({ first, after });
      seen.push(...edges.map(({ node }) => node));
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      if (!pageInfo.hasNextPage) return seen;
      after = pageInfo.endCursor;
      await between();
    }
  }

  test('show each once and the newest first, whoever registers meanwhile, and are counted', async () => {
    for (let i = 0; i < 5; i++) await register();
    const before = await client.list({});
    expect(await client.count({})).toBe(before.length);
    expect(await walk(2, () => register())).toEqual(before);
    expect(await client.page({ first: 100 })).toMatchObject({ pageInfo: { hasNextPage: false } });
  });

  test('begin after a cursor of theirs only', async () => {
    for (const key of ['', '""', '{}', '[]', '["x"]', `["${randomUUID()}", 1]`, '[1]', 'null']) {
      const after = Buffer.from(key).toString('base64url') || '?';
      expect(await errorOf(client.page({ first: 1, after }))).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
    for (const first of [0, -1, 101, 1.5])
      expect(await errorOf(client.page({ first }))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
