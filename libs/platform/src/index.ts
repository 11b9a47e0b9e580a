export * from './config/is-service-url.js';
export * from './config/load-config.js';
export * from './config/service-config.js';
export * from './database/database.js';
export { EmbeddedPostgres } from './embedded-postgres/embedded-postgres.js';
export * from './run-service.js';
export * from './service-definition.js';
export * from './start-service.js';
