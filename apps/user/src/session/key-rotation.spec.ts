import { describe, expect, test } from '@jest/globals';
import { keyThatSigns, outdatedKeys } from './key-rotation.js';

const NOW = Date.now();
const MINUTE_MS = 60_000;

/** Keys by their ages in minutes, the oldest first. */
const keysOf = (ages: number[]) => ages.map((age) => ({ age, createdAt: new Date(NOW - age * MINUTE_MS) }));

describe('of keys that are so many minutes old', () => {
  test.each([
    [[], undefined],
    [[0], 0],
    [[1, 0], 1],
    [[500, 6], 500],
    [[500, 7], 7],
    [[500, 60, 6, 0], 60],
  ])('%j, %p signs', (ages, signs) => {
    expect(keyThatSigns(keysOf(ages), NOW)?.age).toBe(signs);
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
  ])('%j, no token needs %j any more', (ages, outdated) => {
    expect(outdatedKeys(keysOf(ages), NOW).map(({ age }) => age)).toEqual(outdated);
  });
});
