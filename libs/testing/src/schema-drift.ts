import { DatabaseServiceConfig, migrate, ormOptions, type ServiceDefinition } from '@app/platform';
import { MikroORM } from '@mikro-orm/postgresql';
import { TestDatabase } from './test-database.js';

/** The SQL that is missing from the migrations to create the schema of the entities; empty if none is. */
export async function schemaDrift(definition: ServiceDefinition): Promise<string> {
  const { name, database } = definition;
  const testDatabase = await TestDatabase.create();
  const config = Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: testDatabase.url });
  // The entities do not declare functions and triggers.
  const schemaGenerator = { ignoreTriggers: true, ignoreRoutines: true };
  const orm = await MikroORM.init({ ...ormOptions(name, database!, config), schemaGenerator });
  try {
    // As instances that start at once.
    await Promise.all([migrate(definition, testDatabase.url), migrate(definition, testDatabase.url)]);
    return await orm.schema.getUpdateSchemaSQL();
  } finally {
    await orm.close();
    await testDatabase.drop();
  }
}
