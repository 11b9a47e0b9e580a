import { users } from '@app/contracts';
import { InProcessTransport } from '@app/messaging';
import { eventually, idleHandlers, TestDatabase } from '@app/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Module } from '@nestjs/common';
import { DatabaseServiceConfig } from '../config/service-config.js';
import { startService } from '../start-service.js';

@Module({ controllers: [idleHandlers('user')] })
class ServiceModule {}

const definition = {
  name: users.service,
  module: ServiceModule,
  database: { entities: [], migrations: [], stale: [{ table: 'notes', where: 'is_old' }] },
};

let database: TestDatabase;
let transport: InProcessTransport;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await TestDatabase.create();
  transport = new InProcessTransport({ databaseUrl: database.url });
  cleanups.push(
    () => database.drop(),
    () => transport.close(),
  );
  await database.query('create table notes (text text, is_old boolean)');
});

afterEach(async () => {
  while (cleanups.length) await cleanups.pop()!();
});

async function startInstance(): Promise<void> {
  const config = Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: database.url, PORT: undefined });
  const app = await startService(definition, config, transport);
  cleanups.push(() => app.close());
}

test('removes all stale rows at the start, also more than one statement deletes, and no others', async () => {
  await startInstance();
  await database.query(
    `insert into inbox select gen_random_uuid(), now() - interval '8 days' from generate_series(1, 12000)`,
  );
  await database.query(
    `insert into inbox select gen_random_uuid(), now() - interval '6 days' from generate_series(1, 3)`,
  );
  await database.query(`insert into notes select 'old', true from generate_series(1, 12000)`);
  await database.query(`insert into notes select 'new', false from generate_series(1, 3)`);
  await Promise.all([startInstance(), startInstance()]);
  const left = `select (select count(*)::int from inbox) as inbox, (select count(*)::int from notes) as notes,
    (select min(handled_at) > now() - interval '7 days' from inbox) and not (select bool_or(is_old) from notes) as "areNew"`;
  await eventually(async () => expect(await database.query(left)).toEqual([{ inbox: 3, notes: 3, areNew: true }]));
});
