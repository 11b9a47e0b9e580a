import { DatabaseServiceConfig, migrate, ormOptions, type ServiceDefinition } from '@app/platform';
import { MikroORM } from '@mikro-orm/postgresql';
import { TestDatabase } from './test-database.js';

/** The SQL that would still have to run after the migrations for the tables to be what the entities say: none, if all is well. */
export async function schemaDrift(definition: ServiceDefinition): Promise<string> {
  const { name, database } = definition;
  const testDatabase = await TestDatabase.create();
  const config = Object.assign(new DatabaseServiceConfig(), { DATABASE_URL: testDatabase.url });
  const orm = await MikroORM.init(ormOptions(name, database!, config));
  try {
    // Instances that start at once.
    await Promise.all([migrate(definition, testDatabase.url), migrate(definition, testDatabase.url)]);
    return await orm.schema.getUpdateSchemaSQL();
  } finally {
    await orm.close();
    await testDatabase.drop();
  }
}
