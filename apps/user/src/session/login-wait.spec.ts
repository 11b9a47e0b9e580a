import { expect, test } from '@jest/globals';
import { waitAfter } from './login-wait.js';

test.each([
  [0, 0],
  [1, 0],
  [4, 0],
  [5, 1],
  [6, 2],
  [7, 4],
  [14, 512],
  [15, 900],
  [1_000_000, 900],
])('after %i failures the wait is %i seconds', (failures, seconds) => {
  expect(waitAfter(failures)).toBe(seconds);
});
