import { describe, expect, test } from '@jest/globals';
import { currentKey, outdatedKeys } from './key-rotation.js';

const NOW = Date.now();
const MINUTE_MS = 60_000;

/** Keys with these ages in minutes, oldest first. */
const keysOf = (ages: number[]) => ages.map((age) => ({ age, createdAt: new Date(NOW - age * MINUTE_MS) }));

describe('of keys with these ages in minutes', () => {
  test.each([
    [[], undefined],
    [[0], 0],
    [[1, 0], 1],
    [[500, 6], 500],
    [[500, 7], 7],
    [[500, 60, 6, 0], 60],
  ])('%j, %p signs', (ages, signs) => {
    expect(currentKey(keysOf(ages), NOW)?.age).toBe(signs);
  });

  test.each([
    [[], []],
    [[500], []],
    [[500, 7], []],
    [[500, 22], []],
    [[500, 23], [500]],
    [
      [900, 500, 23, 1],
      [900, 500],
    ],
  ])('%j, %j are outdated', (ages, outdated) => {
    expect(outdatedKeys(keysOf(ages), NOW).map(({ age }) => age)).toEqual(outdated);
  });
});
