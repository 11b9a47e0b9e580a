import {
  connectionOptions,
  DatabaseClient,
  InboxMessage,
  MessagingMigration,
  OutboxMessage,
  type Turns,
} from '@app/messaging';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import type { MigrationObject } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { type Configuration, defineConfig, MikroORM, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DatabaseServiceConfig } from '../config/service-config.js';
import type { ServiceDefinition } from '../service-definition.js';
import { LimitedConnection } from './limited-connection.js';
import { measurePool } from './pool-metrics.js';

const logger = new Logger('Database');

/** A transaction does nothing for longer only if its process is frozen or lost; the server then releases its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000;

type Database = NonNullable<ServiceDefinition['database']>;
type DatabaseOwner = Pick<ServiceDefinition, 'name' | 'database'>;

/** MikroORM's options for a service: its own entities and migrations, after those of the outbox and the inbox. */
export const ormOptions = (name: string, database: Database, config: DatabaseServiceConfig) =>
  defineConfig({
    ...migrationOptions(name, database, config.DATABASE_URL),
    entities: [...database.entities, OutboxMessage, InboxMessage],
    metadataProvider: ReflectMetadataProvider,
    pool: { max: config.DATABASE_POOL_SIZE },
    driverOptions: {
      application_name: `bazaar-${name}`,
      Client: DatabaseClient,
      ...connectionOptions({
        queryTimeoutMs: config.DATABASE_QUERY_TIMEOUT_MS,
        session: {
          lock_timeout: config.DATABASE_LOCK_TIMEOUT_MS,
          idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
        },
      }),
      onPoolCreated: (pool: pg.Pool, turns: Turns) => {
        releaseLost(pool);
        measurePool(name, pool, turns);
      },
    },
  });

/** Enough to migrate. Statements take as long as they need. */
const migrationOptions = (name: string, { migrations }: Database, databaseUrl: string) =>
  defineConfig({
    driver: DiscreetDriver,
    clientUrl: databaseUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      migrationsList: [{ name: '000-messaging', class: MessagingMigration }, ...migrations],
      snapshot: false,
    },
    pool: { max: 1 },
    driverOptions: { application_name: `bazaar-${name} migrations`, Client: DatabaseClient, ...connectionOptions({}) },
    logger: (message) => new Logger('MikroORM').debug(message),
    colors: false,
  });

/** PostgreSQL's errors show the row that it refuses, in their details, and MikroORM says it in their message: logs would have it. */
class DiscreetDriver extends PostgreSqlDriver {
  protected override readonly connection = new LimitedConnection(this.config);

  constructor(config: Configuration) {
    super(config);
    const converter = this.getPlatform().getExceptionConverter();
    const convert = converter.convertException.bind(converter);
    converter.convertException = (error: Error & { detail?: string }) => {
      delete error.detail;
      return convert(error);
    };
  }
}

/**
 * Kysely keeps the connection of a transaction that could not even be rolled back, and the pool would count it for ever:
 * what nobody has released by itself a moment after its connection has ended is taken back here.
 */
function releaseLost(pool: pg.Pool) {
  pool.on('connect', (client) => {
    client.once('end', () => {
      setTimeout(() => {
        try {
          client.release(true);
        } catch {
          // It was released.
        }
      }, 1_000).unref();
    });
  });
}

/** Before a service uses its database: migrates it where the configuration says so, and waits until no migration is missing. */
export async function prepareDatabase(
  orm: MikroORM,
  owner: DatabaseOwner,
  config: DatabaseServiceConfig,
): Promise<void> {
  if (config.MIGRATE_AT_START === 'true') await migrate(owner, config.DATABASE_URL);
  await migrated(orm);
}

/**
 * Creates the database where it is missing and runs the migrations that are; who comes at the same time takes turns.
 * @returns the names of those that it ran.
 */
export async function migrate({ name, database }: DatabaseOwner, databaseUrl: string): Promise<string[]> {
  if (!database) throw new Error(`${name} has no database.`);
  await createDatabase(databaseUrl);
  const lock: pg.Client = new DatabaseClient({ connectionString: databaseUrl, ...connectionOptions({}) });
  const orm = new MikroORM(migrationOptions(name, database, databaseUrl));
  try {
    await lock.connect();
    await lock.query(`select pg_advisory_lock(hashtext('bazaar.migrations'))`);
    return (await orm.migrator.up()).map(({ name }) => name);
  } finally {
    await orm.close();
    await lock.end();
  }
}

const MIGRATIONS_TIMEOUT_MS = 5 * 60_000;
const LOOK_AGAIN_MS = 1_000;

/** Resolves once no migration is missing; needs no right but to read. @throws when some still are after 5 minutes. */
async function migrated(orm: MikroORM): Promise<void> {
  const wanted = orm.config.get('migrations').migrationsList!.map((migration) => (migration as MigrationObject).name);
  const deadline = Date.now() + MIGRATIONS_TIMEOUT_MS;
  for (let missing: string; ; await sleep(LOOK_AGAIN_MS)) {
    try {
      const rows = await orm.em.fork().execute<{ name: string }[]>('select name from mikro_orm_migrations');
      const done = new Set(rows.map(({ name }) => name));
      missing = wanted.filter((name) => !done.has(name)).join(', ');
    } catch (error) {
      missing = `all, it seems (${(error as Error).message})`;
    }
    if (!missing) return;
    if (Date.now() > deadline)
      throw new Error(`The command migrate has not been run; migrations that are missing: ${missing}`);
    logger.warn(`Waiting until the command migrate has run; missing: ${missing}`);
  }
}

const DATABASE_DOES_NOT_EXIST = '3D000';
const DATABASE_EXISTS = new Set(['42P04', '23505']);

/** Only a database that is missing is created, so that a role without the right to create works where it exists. */
export async function createDatabase(databaseUrl: string): Promise<void> {
  const failure = await failureOf(databaseUrl, 'select 1');
  if (!failure) return;
  if (failure.code !== DATABASE_DOES_NOT_EXIST) throw failure;
  const server = new URL(databaseUrl);
  const name = decodeURIComponent(server.pathname.slice(1));
  server.pathname = '/postgres';
  const refused = await failureOf(server.href, `create database ${pg.escapeIdentifier(name)}`);
  if (refused && !DATABASE_EXISTS.has(refused.code ?? '')) throw refused;
}

async function failureOf(url: string, sql: string): Promise<(Error & { code?: string }) | undefined> {
  const client: pg.Client = new DatabaseClient({ connectionString: url, ...connectionOptions() });
  try {
    await client.connect();
    await client.query(sql);
    return undefined;
  } catch (error) {
    return error as Error & { code?: string };
  } finally {
    await client.end().catch(() => undefined);
  }
}
