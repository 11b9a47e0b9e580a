import { DatabaseServiceConfig, type ServiceConfig } from '../config/service-config.js';
import { migrate } from '../database/database.js';
import type { ServiceDefinition } from '../service-definition.js';

/** Migrates a service's database, while its instances run or not. @returns what to tell the operator. */
export async function migrateDatabase(definition: ServiceDefinition, config: ServiceConfig): Promise<string> {
  if (!(config instanceof DatabaseServiceConfig)) throw new Error(`${definition.name} has no database.`);
  const names = await migrate(definition, config.DATABASE_URL);
  return names.length > 0 ? `Migrated: ${names.join(', ')}` : 'There was nothing to migrate.';
}
