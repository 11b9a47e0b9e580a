import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { LoginInput, RegisterInput } from './user/session.dto.js';

describe.each([RegisterInput, LoginInput])('the e-mail of %p', (type) => {
  const validated = (email: unknown) => {
    const input = plainToInstance<{ email: string }, object>(type, { name: 'Jane', email, password: 'correct horse' });
    return { email: input.email, errors: validateSync(input).map(({ property }) => property) };
  };

  it.each([
    ['a lone surrogate in the local part', 'a\ud800b@example.com'],
    ['a lone surrogate in the domain', 'ab@ex\udc00ample.com'],
    ['a lone surrogate in quotes', '"a\ud800"@example.com'],
    ['surrogates in the wrong order', '\udc00\ud800@example.com'],
    ['nothing but a lone surrogate', '\ud800'],
    ['a null character', 'a\0b@example.com'],
    ['no domain', 'jane@'],
    ['two at signs', 'a@b@example.com'],
    ['too many characters', `jane@${'a.'.repeat(130)}com`],
    ['an empty text', ''],
    ['a number', 1],
    ['a list', ['jane@example.com']],
    ['nothing', undefined],
  ])('is invalid: %s', (_, email) => {
    expect(validated(email).errors).toEqual(['email']);
  });

  it('is normalized', () => {
    expect(validated('  Jane@Example.COM ')).toEqual({ email: 'jane@example.com', errors: [] });
    expect(validated('j\u00e4ne@example.com')).toEqual({ email: 'j\u00e4ne@example.com', errors: [] });
  });
});
