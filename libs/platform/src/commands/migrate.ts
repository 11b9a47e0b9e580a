import { DatabaseServiceConfig, type ServiceConfig } from '../config/service-config.js';
import { migrate } from '../database/database.js';
import type { ServiceDefinition } from '../service-definition.js';

/** Migrates a service's database; its instances may be running. @returns the text to print. */
export async function migrateDatabase(definition: ServiceDefinition, config: ServiceConfig): Promise<string> {
  if (!(config instanceof DatabaseServiceConfig)) throw new Error(`${definition.name} has no database.`);
  const names = await migrate(definition, config.DATABASE_URL);
  return names.length > 0 ? `Migrated: ${names.join(', ')}` : 'Nothing to migrate.';
}
