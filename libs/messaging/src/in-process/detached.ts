import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Runs something outside of what calls it, as it would in another process: a handler must not see its caller's
 * transaction, request or trace.
 */
export const detached = AsyncLocalStorage.snapshot();
