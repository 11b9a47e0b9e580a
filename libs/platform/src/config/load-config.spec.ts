import { describe, expect, test } from '@jest/globals';
import { loadConfig } from './load-config.js';
import { DatabaseServiceConfig } from './service-config.js';

const DATABASE_URL = 'postgres://bazaar:8Fq2@db.example.com/orders';
const RABBITMQ_URL = 'amqp://bazaar:8Fq2@mq.example.com';

describe('the environment', () => {
  test('is converted and completed by defaults; an empty variable counts as not set', () => {
    const config = loadConfig(DatabaseServiceConfig, { DATABASE_URL, PORT: '5001', HOST: '', UNRELATED: 'x' });
    expect(config).toMatchObject({ DATABASE_URL, PORT: 5001, HOST: '127.0.0.1', DATABASE_POOL_SIZE: 10 });
    expect(config).not.toHaveProperty('UNRELATED');
  });

  test('with invalid settings is rejected, and all of them are reported', () => {
    const env = { DATABASE_URL: 'mysql://x/y', PORT: '70000', LOG_LEVEL: 'loud', RABBITMQ_PREFIX: 'no dot' };
    for (const problem of [
      '4 settings are invalid',
      'DATABASE_URL must be',
      'PORT must not be greater',
      'LOG_LEVEL must be',
      'RABBITMQ_PREFIX must',
    ])
      expect(() => loadConfig(DatabaseServiceConfig, env)).toThrow(problem);
  });

  test('of production must not contain sample passwords', () => {
    const load = (env: object) => () => loadConfig(DatabaseServiceConfig, { NODE_ENV: 'production', ...env });
    expect(load({ DATABASE_URL, RABBITMQ_URL })).not.toThrow();
    expect(load({ DATABASE_URL })).toThrow('RABBITMQ_URL must contain a password in production');
    expect(load({ DATABASE_URL: 'postgres://postgres:postgres@db/orders', RABBITMQ_URL })).toThrow(
      'DATABASE_URL must contain',
    );
    expect(load({ DATABASE_URL: 'postgres://postgres@db/orders', RABBITMQ_URL })).toThrow('DATABASE_URL must contain');
  });
});
