export { errorOf } from './error-of.js';
export { eventually } from './eventually.js';
export { idleHandlers } from './idle-handlers.js';
export { loadOf, type Load } from './load.js';
export { removeKeys } from './redis-keys.js';
export { schemaDrift } from './schema-drift.js';
export { TestDatabase } from './test-database.js';
export { TcpProxy } from './tcp-proxy.js';
export { TestBroker } from './test-broker.js';
