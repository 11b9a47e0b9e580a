import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Runs a function outside of the async context of its caller, as in another process: a handler must not see its caller's
 * transaction, request or trace.
 */
export const detached = AsyncLocalStorage.snapshot();
