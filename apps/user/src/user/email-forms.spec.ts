import { Role, type UserClient } from '@app/contracts';
import { DatabaseServiceConfig } from '@app/platform';
import { errorOf } from '@app/testing';
import type { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hash } from '@node-rs/argon2';
import { randomUUID } from 'node:crypto';
import { PASSWORD as password, UserServiceUnderTest } from '../../test/user-service-under-test.js';
import { admin } from '../admin.command.js';
import { userService } from '../user.module.js';

let underTest: UserServiceUnderTest;
let service: ServiceUnderTest;
let client: UserClient;
beforeAll(async () => {
  underTest = await UserServiceUnderTest.start();
  ({ service, client } = underTest);
});
afterAll(() => service.close());

const register = (email: string, password = 'correct horse') => client.register({ name: 'Ann', email, password });
const userOf = async (email: string, given = password) => {
  const { accessToken } = await client.login({ email, password: given });
  return (await client.validateToken({ token: accessToken })).userId;
};

const FORMS: [string, (id: string) => string, (id: string) => string][] = [
  ['a decomposed letter', (id) => `j\u00E4ne-${id}@example.com`, (id) => `ja\u0308ne-${id}@example.com`],
  ['a domain in Punycode', (id) => `${id}@bücher.example`, (id) => `${id}@xn--bcher-kva.example`],
  ['a decomposed domain', (id) => `${id}@bücher.example`, (id) => `${id}@BU\u0308CHER.example`],
  ['a zero-width space', (id) => `${id}@example.com`, (id) => `${id.slice(0, 4)}\u200B${id.slice(4)}@example.com`],
  ['a soft hyphen', (id) => `${id}@example.com`, (id) => `\u00AD${id}@exam\u00ADple.com`],
  ['full-width characters', (id) => `jane-${id}@example.com`, (id) => `ｊａｎｅ-${id}＠example.com`],
  ['sharp s', (id) => `strasse-${id}@example.com`, (id) => `STRAẞE-${id}@example.com`],
];

describe.each(FORMS)('an e-mail address with %s', (_, one, other) => {
  test.each([
    ['one', one, other],
    ['the other', other, one],
  ])('registered in %s form, is taken and logs in by both', async (_, form, otherForm) => {
    const id = randomUUID();
    const user = await register(form(id));
    expect(await userOf(form(id))).toBe(user.id);
    expect(await userOf(otherForm(id))).toBe(user.id);
    expect(await errorOf(register(otherForm(id)))).toMatchObject({ code: 'EMAIL_TAKEN' });
    expect(await errorOf(register(form(id)))).toMatchObject({ code: 'EMAIL_TAKEN' });
  });
});

test('failed logins with several forms of an address share a wait', async () => {
  for (const registered of [true, false]) {
    const id = randomUUID();
    if (registered) await register(`${id}@example.com`);
    const forms = Array.from({ length: 5 }, (_, i) => `${id.slice(0, i)}\u200B${id.slice(i)}@example.com`);
    for (const email of forms)
      expect(await errorOf(client.login({ email, password: 'wrong' }))).toMatchObject({ code: 'INVALID_CREDENTIALS' });
    expect(await errorOf(client.login({ email: `${id}@example.com`, password }))).toMatchObject({
      code: 'RATE_LIMITED',
    });
  }
});

describe('users of earlier releases', () => {
  /** As an earlier release stored them: the later ones are younger. */
  async function stored(...emails: string[]): Promise<string[]> {
    const passwordHash = await hash(password);
    const prefix = randomUUID().slice(0, 8);
    const ids = emails.map((_, i) => `${prefix}-0000-7000-8000-00000000000${i}`);
    for (const [i, email] of emails.entries())
      await service.database.query(
        `insert into users (id, name, email, password_hash, created_at) values ($1, 'Ann', $2, $3, now())`,
        [ids[i], email, passwordHash],
      );
    await service.database.query(`delete from mikro_orm_migrations where name = '004-email-keys'`);
    await service.startInstance(userService);
    return ids;
  }

  test('log in by every form of their address, which stays as it is and is taken', async () => {
    const id = randomUUID();
    const [decomposed, punycode] = [`ja\u0308ne-${id}@example.com`, `${id}@xn--bcher-kva.example`] as const;
    const [jane, other] = await stored(decomposed, punycode);
    expect(await userOf(decomposed)).toBe(jane);
    expect(await userOf(`j\u00E4ne-${id}@example.com`)).toBe(jane);
    expect(await userOf(punycode)).toBe(other);
    expect(await userOf(`${id}@bücher.example`)).toBe(other);
    expect(await client.getMany({ ids: [jane!, other!] })).toMatchObject(
      expect.arrayContaining([{ email: decomposed }, { email: punycode }].map((each) => expect.objectContaining(each))),
    );
    for (const email of [decomposed, `j\u00E4ne-${id}@example.com`, punycode, `${id}@bücher.example`])
      expect(await errorOf(register(email))).toMatchObject({ code: 'EMAIL_TAKEN' });
  });

  test('with forms of one address all log in by the form that they registered, and the older by other forms', async () => {
    const id = randomUUID();
    const forms = [`a\u200B${id}@bu\u0308cher.example`, `a${id}@xn--bcher-kva.example`, `a\u00AD${id}@bücher.example`];
    const ids = await stored(...forms);
    for (const [i, form] of forms.entries()) expect(await userOf(form)).toBe(ids[i]);
    expect(await userOf(`a${id}@bücher.example`)).toBe(ids[0]);
    expect(await userOf(`A\u2060${id}@BÜCHER.example`)).toBe(ids[0]);
    expect(await errorOf(register(`a${id}@bücher.example`))).toMatchObject({ code: 'EMAIL_TAKEN' });
  });

  test('whose address is canonical keep it when an older user has another form', async () => {
    const id = randomUUID();
    const forms = [`ja\u0308ne-${id}@example.com`, `j\u00E4ne-${id}@example.com`];
    const ids = await stored(...forms);
    for (const [i, form] of forms.entries()) expect(await userOf(form)).toBe(ids[i]);
    expect(await userOf(`J\u00C4NE-${id}@EXAMPLE.com`)).toBe(ids[1]);
  });

  test('become admins by any form of their address', async () => {
    const id = randomUUID();
    const [userId] = await stored(`${id}@xn--bcher-kva.example`);
    const config = Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: service.database.url });
    await admin(['grant', `${id}@BÜCHER.example`], config);
    expect(await client.getMany({ ids: [userId!] })).toMatchObject([{ role: Role.ADMIN }]);
    expect(await admin(['list', `${id}@bücher.example`], config)).toBe(`${id}@xn--bcher-kva.example  Ann`);
  });
});

describe('a password', () => {
  const FORMS: [string, string, string][] = [
    ['a decomposed letter', 'caf\u00E9 au lait', 'cafe\u0301 au lait'],
    ['full-width letters', 'password one', 'ｐａｓｓｗｏｒｄ one'],
    ['another space', 'correct horse', 'correct\u3000horse'],
    ['an ogham space', 'correct horse', 'correct\u1680horse'],
  ];
  test.each(FORMS)('with %s is the same password', async (_, one, other) => {
    for (const [set, used] of [
      [one, other],
      [other, one],
    ] as const) {
      const email = `${randomUUID()}@example.com`;
      const { id } = await register(email, set);
      expect(await userOf(email, used)).toBe(id);
      expect(await userOf(email, set)).toBe(id);
    }
  });

  test.each(FORMS)('with %s can be changed by both forms', async (_, one, other) => {
    const user = await underTest.newUser();
    const change = (currentPassword: string, newPassword: string) =>
      client.changePassword({
        userId: user.id,
        sessionId: user.sessionId,
        passwords: { currentPassword, newPassword },
      });
    await change(password, other);
    await change(one, 'something else');
    expect(await userOf(user.email, 'something else')).toBe(user.id);
  });

  test('in another case, or without its accent, is another password', async () => {
    const email = `${randomUUID()}@example.com`;
    await register(email, 'Caf\u00E9 au lait');
    for (const wrong of ['caf\u00E9 au lait', 'Cafe au lait', 'Caf\u00E9  au lait'])
      expect(await errorOf(userOf(email, wrong))).toMatchObject({ code: 'INVALID_CREDENTIALS' });
  });

  test('that an earlier release hashed as it was typed still works', async () => {
    const typed = 'cafe\u0301\u3000au lait';
    const { id, email } = await register(`${randomUUID()}@example.com`);
    await service.database.query('update users set password_hash = $1 where id = $2', [await hash(typed), id]);
    expect(await userOf(email, typed)).toBe(id);
  });
});
