import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ProductServiceUnderTest } from '../../test/product-service-under-test.js';
import { isUnspaced, websearchText } from './search.js';

describe('the text of a search', () => {
  test.each([
    ['Tea', 'Tea'],
    ['green tea or -"red tea" mug', 'green tea or -"red tea" mug'],
    ['a%_\\*b', 'a b'],
    ['- -- -a', '     -a'],
    ['steel-cut', 'steel-cut'],
    ['東京', '"東京"'],
    ['東京都', '"東京 京都"'],
    ['茶', '"茶"'],
    ['-茶', '-"茶"'],
    ['-東京都 tea', '-"東京 京都" tea'],
    ['abc東京', '"abc 東 東京"'],
    ['東京abc', '"東京 京 abc"'],
    ['東京-大阪', '"東京"-"大阪"'],
    ['"green 東京都 茶"', '"green 東 東京 京都 都 茶"'],
    ['"東京', '"東京"'],
    ['"a "東京" b', '"a""東京" b'],
    ['ﾀﾜｰ', '"タワ ワー"'],
    ['東\u200B京', '"東京"'],
    ['กา', '"กา"'],
    ['', ''],
  ])('of %j is %j', (search, expected) => {
    expect(websearchText(search)).toBe(expected);
  });

  test('is bounded', () => {
    for (const character of ['ﷺ', '京', '"', '-', 'ก็', '\u{2F800}'])
      expect(websearchText(character.repeat(200)).length).toBeLessThan(10_000);
  });
});

describe('in PostgreSQL', () => {
  let underTest: ProductServiceUnderTest;
  beforeAll(async () => {
    underTest = await ProductServiceUnderTest.start();
  });
  afterAll(() => underTest.close());

  test.each([
    ['Plain TEA, 1.7 kg', 'plain tea, 1.7 kg'],
    ['Crème', 'creme'],
    ['Cre\u0300me', 'creme'],
    ['Straße STRAẞE', 'strasse strasse'],
    ['İstanbul ISTANBUL ıstanbul', 'istanbul istanbul istanbul'],
    ['ｃａｆé', 'cafe'],
    ['ΟΔΟΣ οδός', 'οδοσ οδοσ'],
    ['Łódź Øre Æsir Œuvre Þór', 'lodz ore aesir oeuvre thor'],
    ['Te\u00ADa\u200B\u2060\uFEFF\u{E0061}', 'tea'],
    ['ｶﾞ が か\u3099', 'ガ が が'],
    ['한국 \u1112\u1161\u11AB', '한국 한'],
    ['ที่นี่', 'ที่นี่'],
    ['हिन्दी', 'हिन्दी'],
    ['ﬁ Ⅳ ㍿', 'fi iv 株式会社'],
  ])('search_text(%j) is %j', async (text, expected) => {
    const rows = await underTest.service.database.query('select search_text($1) as text', [text]);
    expect(rows).toEqual([{ text: expected }]);
  });

  test('a text that is folded again stays the same, whatever its characters', async () => {
    const rows = await underTest.service.database.query(
      `select to_hex(code) as code from generate_series(128, 131071) code, search_text(chr(code)) folded
       where code not between 55296 and 57343 and search_text(folded) <> folded`,
    );
    expect(rows).toEqual([]);
  });

  test('the same characters form pairs as in the text of a search', async () => {
    // PostgreSQL's parser omits some characters, depending on the locale.
    const rows = await underTest.service.database.query<{ code: number; is_unspaced: boolean }>(
      `select code, query::text like '%:*' as is_unspaced from generate_series(128, 205743) code, search_query(chr(code)) query
       where code not between 55296 and 57343 and numnode(query) = 1 and search_text(chr(code)) = chr(code)`,
    );
    expect(rows.length).toBeGreaterThan(80_000);
    expect(rows.filter(({ code, is_unspaced }) => isUnspaced(String.fromCodePoint(code)) !== is_unspaced)).toEqual([]);
  });
});
