import { users } from '@app/contracts';
import { InProcessTransport, Outbox } from '@app/messaging';
import { eventually, idleHandlers, TestDatabase } from '@app/testing';
import { MikroORM } from '@mikro-orm/postgresql';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger, Module } from '@nestjs/common';
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

const runMigrate = () => migrateDatabase(definition, configOf(database.url, 'true'));

describe('the command migrate', () => {
  test('prints the migrations that ran, and does nothing the second time', async () => {
    expect(await runMigrate()).toBe('Migrated: 000-messaging');
    expect(await runMigrate()).toBe('Nothing to migrate.');
  });

  test('releases a service that waits for it, with a role that may only read and write', async () => {
    const role = `${database.name}_service`;
    await database.query(`create role ${role} login password 'of its own'`);
    await database.query(`alter default privileges grant select, insert, update, delete on tables to ${role}`);
    await database.query(`alter default privileges grant usage on sequences to ${role}`);
    const transport = new InProcessTransport({ databaseUrl: database.url });
    const url = Object.assign(new URL(database.url), { username: role, password: 'of its own' }).href;
    const warn = jest.spyOn(Logger.prototype, 'warn');
    try {
      let started = false;
      const starting = startService(definition, configOf(url, 'false'), transport);
      void starting.then(() => (started = true));
      await eventually(() =>
        expect(warn).toHaveBeenCalledWith(expect.stringContaining('Waiting for the command migrate')),
      );
      expect(started).toBe(false);

      await runMigrate();
      const app = await starting;
      try {
        const em = app.get(MikroORM).em.fork();
        await em.transactional((tx) => new Outbox(tx).add(users.events.sessionEnded, { sessionIds: [] }));
        await expect(em.execute('create table mine ()')).rejects.toThrow('permission denied');
      } finally {
        await app.close();
      }
    } finally {
      warn.mockRestore();
      await transport.close();
      await database.query(`drop owned by ${role}`);
      await database.query(`drop role ${role}`);
    }
  });
});
