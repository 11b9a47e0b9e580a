import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { ProductInput } from './product/product.dto.js';
import { canonicalEmail, normalizedPassword, readableText } from './text.js';
import { RegisterInput } from './user/session.dto.js';
import { ProfileInput } from './user/user.dto.js';

describe('the canonical form of an e-mail address', () => {
  it.each([
    ['jane@example.com', 'jane@example.com'],
    [' Jane@Example.COM\n', 'jane@example.com'],
    ['ja\u0308ne@example.com', 'j\u00E4ne@example.com'],
    ['JÄNE@example.com', 'j\u00E4ne@example.com'],
    ['ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'jane@example.com'],
    ['ja\u00ADne@example.com', 'jane@example.com'],
    ['\u200Bja\u200D\u2060ne\uFEFF@example.com', 'jane@example.com'],
    ['\u202Ejane@example.com', 'jane@example.com'],
    ['jane@exam\u00ADple.com', 'jane@example.com'],
    ['jane@exam\u200Bple.com', 'jane@example.com'],
    ['straße@example.com', 'strasse@example.com'],
    ['STRASSE@example.com', 'strasse@example.com'],
    ['ΟΔΟΣ@example.gr', 'οδοσ@example.gr'],
    ['ı@example.com', 'ı@example.com'],
    ['user@bücher.example', 'user@bücher.example'],
    ['user@bu\u0308cher.example', 'user@bücher.example'],
    ['user@BÜCHER.example', 'user@bücher.example'],
    ['user@xn--bcher-kva.example', 'user@bücher.example'],
    ['user@XN--BCHER-KVA.example', 'user@bücher.example'],
    ['user@faß.example', 'user@faß.example'],
    ['user@fass.example', 'user@fass.example'],
    ['user@例え。jp', 'user@例え.jp'],
    ['user@نامه\u200Cای.com', 'user@نامه\u200Cای.com'],
    ['"a b"@example.com', '"a b"@example.com'],
  ])('of %j is %j', (email, canonical) => {
    expect(canonicalEmail(email)).toBe(canonical);
    expect(canonicalEmail(canonical)).toBe(canonical);
  });

  it.each([
    ['no domain', 'jane@'],
    ['no local part', '@example.com'],
    ['a local part of invisible characters', '\u200B\u00AD@example.com'],
    ['no at sign', 'jane'],
    ['a zero-width non-joiner between Latin letters', 'jane@exam\u200Cple.com'],
    ['percent-encoding in the domain', 'jane@ex%61mple.com'],
    ['a path', 'jane@example.com/x'],
    ['a port', 'jane@example.com:80'],
    ['a surrogate', 'jane@exam\uD800ple.com'],
    ['too much text', `${'\u0301\u0316'.repeat(50_000)}@example.com`],
  ])('is empty for %s', (_, email) => {
    expect(canonicalEmail(email)).toBe('');
  });
});

describe('the normalized form of a password', () => {
  it.each([
    ['cafe\u0301 au lait', 'caf\u00E9 au lait'],
    ['ｐａｓｓｗｏｒｄ', 'password'],
    ['a\u00A0b\u2003c\u3000d\u1680e', 'a b c d e'],
    ['Straße', 'Straße'],
    ['PassWord', 'PassWord'],
    ['\u1112\u1161\u11AB', '한'],
    [' spaces  stay ', ' spaces  stay '],
  ])('of %j is %j', (password, normalized) => {
    expect(normalizedPassword(password)).toBe(normalized);
    expect(normalizedPassword(normalized)).toBe(normalized);
  });

  it('counts for its length', () => {
    const errors = (password: string) =>
      validateSync(plainToInstance(RegisterInput, { name: 'Ann', email: 'a@example.com', password })).length;
    expect(errors('e\u0301'.repeat(7))).toBe(1);
    expect(errors('e\u0301'.repeat(8))).toBe(0);
    expect(errors('e\u0301'.repeat(128))).toBe(0);
    expect(errors('\uFDFA'.repeat(128))).toBe(1);
    expect(errors('\u0301'.repeat(100_000))).toBe(1);
  });
});

describe('readable text', () => {
  it.each([
    ['cafe\u0301', 'caf\u00E9'],
    ['Te\u200Ba\u00AD po\u2060t\uFEFF', 'Tea pot'],
    ['\u202Etxt.exe', 'txt.exe'],
    ['a\u2066b\u2069\u200Fc\u061C', 'abc'],
    ['a\u3164b\u115F\uFFA0', 'ab'],
    ['👩\u200D👩\u200D👧 ❤\uFE0F', '👩\u200D👩\u200D👧 ❤\uFE0F'],
    ['می\u200Cخواهم', 'می\u200Cخواهم'],
    ['क\u094D\u200Dष', 'क\u094D\u200Dष'],
    ['Ⅳ ﬁ ｆｕｌｌ', 'Ⅳ ﬁ ｆｕｌｌ'],
    [' spaces\tstay\n', ' spaces\tstay\n'],
    ['', ''],
  ])('of %j is %j', (text, readable) => {
    expect(readableText(text)).toBe(readable);
    expect(readableText(readable)).toBe(readable);
  });
});

const BLANK: [string, string][] = [
  ['a space', ' '],
  ['spaces, tabs and newlines', ' \t\n '],
  ['an ideographic space', '\u3000'],
  ['a no-break space', '\u00A0'],
  ['blank braille', '\u2800'],
  ['a Hangul filler', '\u3164'],
  ['a Hangul initial filler', '\u115F'],
  ['a half-width Hangul filler', '\uFFA0'],
  ['zero-width characters', '\u200B\u200C\u200D\u2060\uFEFF'],
  ['soft hyphens', '\u00AD\u00AD'],
  ['bidirectional controls', '\u202E\u2066'],
  ['tags', '\u{E0061}\u{E0062}'],
  ['variation selectors', '\uFE0F'],
  ['a combining mark', '\u0301'],
  ['a blank musical symbol', '\u{1D159}'],
  ['a mixture', '\u2800 \u200B\u3164\u3000'],
];

describe.each<[string, new () => object, object, string[]]>([
  ['registration', RegisterInput, { name: 'Ann', email: 'a@example.com', password: '12345678' }, ['name']],
  ['product', ProductInput, { name: 'Tea', price: 1, description: '', stock: 1 }, ['name']],
  ['profile', ProfileInput, {}, ['name', 'shippingAddress', 'pincode', 'city', 'country', 'phoneNumber']],
])('a %s', (_, type, valid, fields) => {
  const validated = (given: object) => {
    const input = plainToInstance(type, { ...valid, ...given });
    return { input, errors: validateSync(input).map(({ property }) => property) };
  };

  it.each(BLANK)('rejects names of nothing but %s', (_, blank) => {
    for (const field of fields) expect(validated({ [field]: blank }).errors).toEqual([field]);
  });

  it.each([
    ['a letter', 'å'],
    ['an emoji', '☕\uFE0F'],
    ['a number', '7'],
    ['braille', '\u2801\u2800\u2802'],
    ['Hangul', '한'],
    ['a private character', '\uF8FF'],
    ['many marks', `a${'\u0316'.repeat(19)}`],
  ])('accepts names with %s', (_, name) => {
    for (const field of fields)
      expect(validated({ [field]: name })).toMatchObject({ errors: [], input: { [field]: name } });
  });

  it('stores names in NFC without invisible characters', () => {
    for (const field of fields)
      expect(validated({ [field]: 'Cafe\u0301\u200B \u202Eb' }).input).toMatchObject({ [field]: 'Caf\u00E9 b' });
  });

  it('rejects more than 30 marks in a row, in time', () => {
    for (const field of fields) {
      expect(validated({ [field]: `a${'\u0316'.repeat(31)}` }).errors).toEqual([field]);
      expect(validated({ [field]: `a${'\u0301\u0316'.repeat(100_000)}` }).errors).toEqual([field]);
    }
  });
});

it('a profile and a product may have empty texts, and blank descriptions', () => {
  const profile = { bio: ' ', shippingAddress: '', pincode: '', city: '', country: '', phoneNumber: '' };
  expect(validateSync(plainToInstance(ProfileInput, profile))).toEqual([]);
  expect(validateSync(plainToInstance(ProductInput, { name: 'Tea', price: 1, description: '\n', stock: 1 }))).toEqual(
    [],
  );
});
