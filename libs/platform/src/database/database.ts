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

/** Only a frozen or lost process leaves a transaction idle for longer. The server then releases its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000;

type Database = NonNullable<ServiceDefinition['database']>;
type DatabaseOwner = Pick<ServiceDefinition, 'name' | 'database'>;

/** MikroORM's options for a service: the outbox and inbox, then the service's own entities and migrations. */
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
        releaseLostConnections(pool);
        measurePool(name, pool, turns);
      },
    },
  });

/** The options that migrations need. Their statements have no timeout. */
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
      // Each migration commits by itself, so that one of a large table can work in batches.
      allOrNothing: false,
    },
    pool: { max: 1 },
    driverOptions: { application_name: `bazaar-${name} migrations`, Client: DatabaseClient, ...connectionOptions({}) },
    logger: (message) => new Logger('MikroORM').debug(message),
    colors: false,
  });

/** PostgreSQL's error details contain the rejected row, and MikroORM copies them into its message. Neither may reach the logs. */
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
 * Kysely does not release the connection of a transaction whose rollback failed, and the pool would count it for ever. This
 * releases a client a moment after its connection has ended.
 */
function releaseLostConnections(pool: pg.Pool) {
  pool.on('connect', (client) => {
    client.once('end', () => {
      setTimeout(() => {
        try {
          client.release(true);
        } catch {
          // Already released.
        }
      }, 1_000).unref();
    });
  });
}

/** Migrates the database if MIGRATE_AT_START is true, and waits until no migration is missing. */
export async function prepareDatabase(
  orm: MikroORM,
  owner: DatabaseOwner,
  config: DatabaseServiceConfig,
): Promise<void> {
  if (config.MIGRATE_AT_START === 'true' && (await missingMigrations(orm)) !== '')
    await migrate(owner, config.DATABASE_URL);
  await waitForMigrations(orm);
}

/**
 * Creates the database if it is missing, and runs the missing migrations. A lock serializes concurrent callers.
 * @returns the names of the migrations that ran.
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
const RETRY_MS = 1_000;

/** Resolves when no migration is missing. @throws if some are still missing after 5 minutes. */
async function waitForMigrations(orm: MikroORM): Promise<void> {
  const deadline = Date.now() + MIGRATIONS_TIMEOUT_MS;
  for (let missing: string; (missing = await missingMigrations(orm)); await sleep(RETRY_MS)) {
    if (Date.now() > deadline)
      throw new Error(`Migrations are missing, because the command migrate did not run: ${missing}`);
    logger.warn(`Waiting for the command migrate to run. Missing migrations: ${missing}`);
  }
}

/** Their names, or why they are unknown; empty if none is missing. Needs only the right to read. */
async function missingMigrations(orm: MikroORM): Promise<string> {
  const wanted = orm.config.get('migrations').migrationsList!.map((migration) => (migration as MigrationObject).name);
  try {
    const rows = await orm.em.fork().execute<{ name: string }[]>('select name from mikro_orm_migrations');
    const done = new Set(rows.map(({ name }) => name));
    return wanted.filter((name) => !done.has(name)).join(', ');
  } catch (error) {
    return `unknown (${(error as Error).message})`;
  }
}

const DATABASE_DOES_NOT_EXIST = '3D000';
const DATABASE_EXISTS = new Set(['42P04', '23505']);

/** Creates the database only if it is missing, so that a role without the right to create databases can use an existing one. */
export async function createDatabase(databaseUrl: string): Promise<void> {
  const error = await errorOf(databaseUrl, 'select 1');
  if (!error) return;
  if (error.code !== DATABASE_DOES_NOT_EXIST) throw error;
  const server = new URL(databaseUrl);
  const name = decodeURIComponent(server.pathname.slice(1));
  server.pathname = '/postgres';
  const createError = await errorOf(server.href, `create database ${pg.escapeIdentifier(name)}`);
  if (createError && !DATABASE_EXISTS.has(createError.code ?? '')) throw createError;
}

async function errorOf(url: string, sql: string): Promise<(Error & { code?: string }) | undefined> {
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
