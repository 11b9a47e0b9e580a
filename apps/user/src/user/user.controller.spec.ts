import { Role, users, type Page, type ProfileInput, type UserClient, type UserDto } from '@app/contracts';
import { errorOf, eventually } from '@app/testing';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { newEmail, PASSWORD as password, UserServiceUnderTest } from '../../test/user-service-under-test.js';

let service: ServiceUnderTest;
let client: UserClient;
beforeAll(async () => {
  ({ service, client } = await UserServiceUnderTest.start());
});
afterAll(() => service.close());

const register = (email = newEmail()) => client.register({ name: 'Ann', email, password });

describe('registering', () => {
  test('creates a customer with an empty profile, and publishes an event', async () => {
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

  test('the same e-mail several times at once, in any spelling, creates one user', async () => {
    const email = newEmail();
    const results = await Promise.all([email, email.toUpperCase(), ` ${email}`].map((each) => errorOf(register(each))));
    expect(results.filter((error) => error === undefined)).toHaveLength(1);
    expect(results.filter((error) => error?.code === 'EMAIL_TAKEN')).toHaveLength(2);
  });

  test('stores neither passwords nor refresh tokens in plain text', async () => {
    const { email, id } = await register();
    const { refreshToken } = await client.login({ email, password });
    const [user] = await service.database.query<{ password_hash: string }>('select * from users where id = $1', [id]);
    expect(user!.password_hash).toMatch(/^\$argon2id\$/);
    const sessions = JSON.stringify(await service.database.query('select * from sessions where user_id = $1', [id]));
    expect(sessions).not.toContain(refreshToken);
  });
});

describe('a profile', () => {
  test('changes only the fields that are given, and publishes the address with its version', async () => {
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

  test('publishes an event only when the address changes', async () => {
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

  test('stays as it is when it is updated to the same values', async () => {
    const { id: userId } = await register();
    const caller = { userId, role: Role.CUSTOMER };
    const changes = { name: 'Ann', bio: 'Hello', city: 'Town' };
    const first = await client.updateProfile({ caller, changes });
    expect(await client.updateProfile({ caller, changes })).toEqual(first);
    expect(await client.updateProfile({ caller, changes: {} })).toEqual(first);
    expect(await service.database.query('select version from users where id = $1', [userId])).toEqual([{ version: 2 }]);
  });

  test('keeps all of several concurrent changes', async () => {
    const { id: userId } = await register();
    const caller = { userId, role: Role.CUSTOMER };
    const changes = [{ city: 'Town' }, { country: 'NL' }, { pincode: '12345' }, { bio: 'Hello' }];
    await Promise.all(changes.map((change) => client.updateProfile({ caller, changes: change })));
    const [user] = await client.getMany({ ids: [userId] });
    expect(user).toMatchObject({ version: 5, profile: Object.assign({}, ...changes) });
  });
});

describe('the pages of users', () => {
  /** Follows the cursors to the last page and calls `between` after each page. */
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

  test('contain each user once, newest first, while others register; `count` counts them', async () => {
    for (let i = 0; i < 5; i++) await register();
    const before = await client.list({});
    expect(await client.count({})).toBe(before.length);
    expect(await walk(2, () => register())).toEqual(before);
    expect(await client.page({ first: 100 })).toMatchObject({ pageInfo: { hasNextPage: false } });
  });

  test('can be read from the end', async () => {
    for (let i = 0; i < 3; i++) await register();
    const all = await client.list({});
    const last = await client.page({ last: 2 });
    expect(last.edges.map(({ node }) => node)).toEqual(all.slice(-2));
    const { edges, pageInfo } = await client.page({ last: 1, before: last.pageInfo.startCursor });
    expect(edges.map(({ node }) => node)).toEqual(all.slice(-3, -2));
    expect(pageInfo).toMatchObject({ hasPreviousPage: all.length > 3, hasNextPage: true });
  });

  test('reject an invalid cursor or page size', async () => {
    for (const key of ['', '""', '{}', '[]', '["x"]', `["${randomUUID()}", 1]`, '[1]', 'null']) {
      const after = Buffer.from(key).toString('base64url') || '?';
      expect(await errorOf(client.page({ first: 1, after }))).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
    for (const first of [-1, 101, 1.5])
      expect(await errorOf(client.page({ first }))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
