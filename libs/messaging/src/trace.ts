import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

const trace = new AsyncLocalStorage<string>();
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs `fn` as part of a W3C trace: the given one, or a new one where there is none or it is malformed. */
export function runWithTrace<T>(traceparent: string | null | undefined, fn: () => T): T {
  const known = traceparent && TRACEPARENT.test(traceparent);
  return trace.run(
    known ? traceparent : `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    fn,
  );
}

/** The W3C `traceparent` of what runs now; undefined outside of any trace. */
export const currentTraceparent = () => trace.getStore();
