export { useLogger } from './logging.js';
export { startTracing } from './start-tracing.js';
export * from './trace.js';
