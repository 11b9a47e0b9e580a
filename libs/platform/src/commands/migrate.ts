import { MikroORM } from '@mikro-orm/postgresql';
import { DatabaseServiceConfig, type ServiceConfig } from '../config/service-config.js';
import { migrate, ormOptions } from '../database/database.js';
import type { ServiceDefinition } from '../service-definition.js';

/** Migrates a service's database, while its instances run or not. @returns what to tell the operator. */
export async function migrateDatabase({ name, database }: ServiceDefinition, config: ServiceConfig): Promise<string> {
  if (!database || !(config instanceof DatabaseServiceConfig)) throw new Error(`${name} has no database.`);
  const orm = await MikroORM.init(ormOptions(name, database, config));
  try {
    const names = await migrate(orm, config.DATABASE_URL);
    return names.length > 0 ? `Migrated: ${names.join(', ')}` : 'There was nothing to migrate.';
  } finally {
    await orm.close();
  }
}
