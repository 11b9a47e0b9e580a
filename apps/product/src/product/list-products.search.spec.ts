import type { ProductClient } from '@app/contracts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Role } from '@app/contracts';
import { allPages, names } from '../../test/product-pages.js';
import { ProductServiceUnderTest } from '../../test/product-service-under-test.js';

let underTest: ProductServiceUnderTest;
let client: ProductClient;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
  ({ client } = underTest);
});
afterAll(() => underTest.close());

/** The names of one seller's products that a search finds. */
const searchOf = (oneSeller: { userId: string }) => async (search: string) => {
  const filter = { search, sellerId: oneSeller.userId };
  const list = await allPages(client, { filter });
  expect(await client.count(filter)).toBe(list.length);
  return names(list).sort();
};

describe('a search ignores case, accents and the form of characters', () => {
  test.each([
    ['Crème brûlée', ['creme brulee', 'CRÈME', 'cre\u0300me', 'crème', '"creme brulee"']],
    ['Cre\u0300me anglaise', ['creme', 'crème', 'Anglaise']],
    ['Straße', ['strasse', 'STRASSE', 'straße', 'STRAẞE']],
    ['Grosse', ['große', 'GROßE']],
    ['İstanbul', ['istanbul', 'ISTANBUL', 'İSTANBUL', 'ıstanbul', 'i\u0307stanbul']],
    ['DIYARBAKIR ışık', ['diyarbakır', 'Isik', 'IŞIK']],
    ['Café', ['ｃａｆé', 'ＣＡＦＥ', 'cafe', '𝐜𝐚𝐟𝐞']],
    ['ｃａｆé bar', ['café', 'cafe']],
    ['Smørrebrød Łódź', ['smorrebrod', 'lodz', 'ŁÓDŹ']],
    ['Æble œuvre', ['aeble', 'oeuvre', 'ŒUVRE']],
    ['ΜΑΪΟΣ', ['μαιος', 'μάιος', 'μαϊοσ']],
    ['Ёлка', ['елка', 'ЁЛКА']],
    ['שָׁלוֹם', ['שלום']],
    ['مُحَمَّد', ['محمد']],
    ['Te\u00ADa\u200Bpot', ['teapot', 'tea\u2060pot', '\uFEFFteapot']],
    ['ﬁle ①', ['file', '1']],
    ['Tea—cup «red»', ['tea', 'cup', 'red', '"tea cup"', 'ｒｅｄ']],
  ])('%s is found by %j', async (name, searches) => {
    const oneSeller = { userId: randomUUID(), role: Role.CUSTOMER };
    await underTest.create({ name: 'Another', description: 'without' }, oneSeller);
    const { name: stored } = await underTest.create({ name, description: '' }, oneSeller);
    for (const search of searches) expect([search, await searchOf(oneSeller)(search)]).toEqual([search, [stored]]);
    expect(await searchOf(oneSeller)(`-"${searches[0]!.replaceAll('"', '')}"`)).toEqual(['Another']);
  });
});

describe('a search finds parts of names without spaces', () => {
  const oneSeller = { userId: randomUUID(), role: Role.CUSTOMER };
  const found = searchOf(oneSeller);
  const [tower, green, kettle, han, thai, korean, ring] = [
    '東京タワー',
    '緑茶と抹茶',
    '电热水壶 2L',
    'abc漢字かな',
    'ชาเขียวมัทฉะ',
    '녹차라떼',
    'ﾊﾟｰﾙ・リング',
  ] as const;
  beforeAll(async () => {
    for (const name of [tower, green, kettle, han, thai, korean, ring])
      await underTest.create({ name, description: '' }, oneSeller);
    await underTest.create({ name: 'Mixed', description: '東京と京都の green 茶 (東京・大阪)' }, oneSeller);
  });

  test.each([
    ['one character', '茶', [green, 'Mixed']],
    ['the first character', '東', [tower, 'Mixed']],
    ['the last character', '壶', [kettle]],
    ['a part at the start', '東京', [tower, 'Mixed']],
    ['a part in the middle', '京タ', [tower]],
    ['a part at the end', '抹茶', [green]],
    ['the whole', '電熱水壺', []],
    ['the whole name', '电热水壶', [kettle]],
    ['with a word', '水壶 2l', [kettle]],
    ['adjacent characters only', '東京都', []],
    ['characters of a phrase', '"京都の green 茶"', ['Mixed']],
    ['a phrase of words and parts', '"都の green"', ['Mixed']],
    ['no other order of a phrase', '"green 京都の"', []],
    ['a part next to letters', 'abc漢字', [han]],
    ['a part beside letters', '字かな', [han]],
    ['Thai', 'เขียว', [thai]],
    ['Thai, the start', 'ชา', [thai]],
    ['Thai, the end', 'มัทฉะ', [thai]],
    ['Korean', '라떼', [korean]],
    ['Korean, decomposed', '라떼'.normalize('NFD'), [korean]],
    ['half-width kana by full-width ones', 'パール', [ring]],
    ['full-width kana by half-width ones', 'ﾀﾜｰ', [tower]],
    ['kana with its mark only', 'ハール', []],
    ['parts around a middle dot', 'パール・リング', [ring]],
    ['one or another', '녹차 or 抹茶', [korean, green]],
    ['none with a part', '東京 -タワー', ['Mixed']],
    ['none with a character', '茶 -抹', ['Mixed']],
    ['both of two parts', '大阪 京都', ['Mixed']],
    ['a full-width space', '大阪\u3000京都', ['Mixed']],
  ])('%s: %s', async (_, search, expected) => {
    expect(await found(search)).toEqual(expected.toSorted());
  });

  test.each([
    '京'.repeat(200),
    '"京"'.repeat(60),
    '-京'.repeat(100),
    '－'.repeat(100) + '京',
    '＂京 " or 京',
    'ﷺ'.repeat(200),
    'ก็'.repeat(100),
    '\u0301'.repeat(200),
    '京\u0301\u0301"-京\u3099',
    '\u115F\u3164\u2800',
    'a京%_\\',
    '京:* & !茶',
    '.*+?^${}()|[]\\',
  ])('for %j does not fail', async (search) => {
    expect(await found(search)).toBeInstanceOf(Array);
  });
});

test('a changed name is found instead of the old one', async () => {
  const oneSeller = { userId: randomUUID(), role: Role.CUSTOMER };
  const { id } = await underTest.create({ name: '東京', description: 'Crème' }, oneSeller);
  const found = searchOf(oneSeller);
  await client.update({ caller: oneSeller, id, changes: { name: '京都' } });
  expect(await found('東京')).toEqual([]);
  expect(await found('京都 creme')).toEqual(['京都']);
  await client.update({ caller: oneSeller, id, changes: { description: 'Straße' } });
  expect(await found('creme')).toEqual([]);
  expect(await found('京都 strasse')).toEqual(['京都']);
});
