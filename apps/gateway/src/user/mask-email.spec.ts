import { expect, it } from '@jest/globals';
import { maskEmail } from './mask-email.js';

it.each([
  ['jane@example.com', 'j***@example.com'],
  ['j@example.com', 'j***@example.com'],
  ['"a@b"@example.com', '"***@example.com'],
  ['no e-mail at all', '***'],
  ['', '***'],
])('masks %j as %j', (email, masked) => {
  expect(maskEmail(email)).toBe(masked);
});
