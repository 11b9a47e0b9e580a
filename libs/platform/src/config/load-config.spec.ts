import { describe, expect, test } from '@jest/globals';
import { loadConfig } from './load-config.js';
import { DatabaseServiceConfig } from './service-config.js';

const DATABASE_URL = 'postgres://bazaar:8Fq2@db.example.com/orders';
const RABBITMQ_URL = 'amqp://bazaar:8Fq2@mq.example.com';

describe('the environment', () => {
  test('is read into numbers and defaults; what is empty counts as not set', () => {
    const config = loadConfig(DatabaseServiceConfig, { DATABASE_URL, PORT: '5001', HOST: '', UNRELATED: 'x' });
    expect(config).toMatchObject({ DATABASE_URL, PORT: 5001, HOST: '127.0.0.1', DATABASE_POOL_SIZE: 10 });
    expect(config).not.toHaveProperty('UNRELATED');
  });

  test('that is faulty is refused with every fault at once', () => {
    const env = { DATABASE_URL: 'mysql://x/y', PORT: '70000', LOG_LEVEL: 'loud', RABBITMQ_PREFIX: 'no dot' };
    for (const fault of [
      '4 fault',
      'DATABASE_URL must be',
      'PORT must not be greater',
      'LOG_LEVEL must be',
      'RABBITMQ_PREFIX must',
    ])
      expect(() => loadConfig(DatabaseServiceConfig, env)).toThrow(fault);
  });

  test('of production carries no sample password', () => {
    const load = (env: object) => () => loadConfig(DatabaseServiceConfig, { NODE_ENV: 'production', ...env });
    expect(load({ DATABASE_URL, RABBITMQ_URL })).not.toThrow();
    expect(load({ DATABASE_URL })).toThrow('RABBITMQ_URL must carry a password of its own in production');
    expect(load({ DATABASE_URL: 'postgres://postgres:postgres@db/orders', RABBITMQ_URL })).toThrow(
      'DATABASE_URL must carry',
    );
    expect(load({ DATABASE_URL: 'postgres://postgres@db/orders', RABBITMQ_URL })).toThrow('DATABASE_URL must carry');
  });
});
