import { users } from '@app/contracts';
import { InProcessTransport, Outbox } from '@app/messaging';
import { idleHandlers, TestDatabase } from '@app/testing';
import { MikroORM } from '@mikro-orm/postgresql';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Module } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseServiceConfig } from '../config/service-config.js';
import { startService } from '../start-service.js';
import { migrateDatabase } from './migrate.js';

@Module({ controllers: [idleHandlers('user')] })
class ServiceModule {}

const definition = { name: users.service, module: ServiceModule, database: { entities: [], migrations: [] } };
const configOf = (DATABASE_URL: string, MIGRATE_AT_START: 'true' | 'false') =>
  Object.assign(new DatabaseServiceConfig(), { DATABASE_URL, MIGRATE_AT_START });

let database: TestDatabase;
beforeEach(async () => {
  database = await TestDatabase.create();
});
afterEach(() => database.drop());

const migrateIt = () => migrateDatabase(definition, configOf(database.url, 'true'));

describe('the command migrate', () => {
  test('says what it has done, and has nothing to do the second time', async () => {
    expect(await migrateIt()).toBe('Migrated: 000-messaging');
    expect(await migrateIt()).toBe('There was nothing to migrate.');
  });

  test('is waited for by a service that does not migrate, whose role may only read and write', async () => {
    const role = `${database.name}_service`;
    await database.query(`create role ${role} login password 'of its own'`);
    await database.query(`alter default privileges grant select, insert, update, delete on tables to ${role}`);
    await database.query(`alter default privileges grant usage on sequences to ${role}`);
    const transport = new InProcessTransport({ databaseUrl: database.url });
    const url = Object.assign(new URL(database.url), { username: role, password: 'of its own' }).href;
    try {
      let started = false;
      const starting = startService(definition, configOf(url, 'false'), transport);
      void starting.then(() => (started = true));
      await sleep(1_500);
      expect(started).toBe(false);

      await migrateIt();
      const app = await starting;
      try {
        const em = app.get(MikroORM).em.fork();
        await em.transactional((tx) => new Outbox(tx).add(users.events.sessionEnded, { sessionIds: [] }));
        await expect(em.execute('create table mine ()')).rejects.toThrow('permission denied');
      } finally {
        await app.close();
      }
    } finally {
      await transport.close();
      await database.query(`drop owned by ${role}`);
      await database.query(`drop role ${role}`);
    }
  });
});
