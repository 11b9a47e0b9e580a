import { loadConfig } from '@app/platform';
import { expect, test } from '@jest/globals';
import { UserConfig } from './config.js';

const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://bazaar:of-its-own@127.0.0.1/bazaar_user',
  RABBITMQ_URL: 'amqp://bazaar:of-its-own@127.0.0.1',
};
const memory = (env: Record<string, string>) => loadConfig(UserConfig, env).PASSWORD_HASH_MEMORY_KIB;

test('hashing a password takes 19 MiB by default', () => {
  expect(memory({})).toBe(19_456);
  expect(memory(production)).toBe(19_456);
});

test('hashing can be cheap outside of production only', () => {
  expect(memory({ PASSWORD_HASH_MEMORY_KIB: '8' })).toBe(8);
  expect(memory({ ...production, PASSWORD_HASH_MEMORY_KIB: '65536' })).toBe(65_536);
  expect(() => memory({ ...production, PASSWORD_HASH_MEMORY_KIB: '19455' })).toThrow(
    'PASSWORD_HASH_MEMORY_KIB must not be less than 19456',
  );
});

test.each(['7', '0', '-1', '1048577', '64.5', 'little'])('rejects %s KiB', (PASSWORD_HASH_MEMORY_KIB) => {
  expect(() => memory({ PASSWORD_HASH_MEMORY_KIB })).toThrow('PASSWORD_HASH_MEMORY_KIB must');
});

test('a refresh token that was replaced is good for 20 seconds by default, at most for 60', () => {
  const grace = (env: Record<string, string>) => loadConfig(UserConfig, env).REFRESH_GRACE_SECONDS;
  expect(grace({})).toBe(20);
  expect(grace({ REFRESH_GRACE_SECONDS: '0' })).toBe(0);
  for (const seconds of ['-1', '61', '1.5', 'little'])
    expect(() => grace({ REFRESH_GRACE_SECONDS: seconds })).toThrow('REFRESH_GRACE_SECONDS must');
});
