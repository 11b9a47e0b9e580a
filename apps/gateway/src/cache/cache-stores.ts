import { KeyvAdapter } from 'cache-manager';
import { redisInsStore } from 'cache-manager-redis-yet';
import { Keyv } from 'keyv';
import { MemoryStore } from './memory-store.js';
import type { Redis } from './redis.js';

const MAX_BYTES_IN_MEMORY = 64 * 2 ** 20;

/** The tiers of the cache, nearest first: this process's memory, then Redis if it is configured. */
export const cacheStores = (redis: Redis | undefined): Keyv[] => [
  plainKeyv(new MemoryStore(MAX_BYTES_IN_MEMORY)),
  ...(redis ? [plainKeyv(redisStore(redis))] : []),
];

/** Keeps keys and values unchanged: the memory stores objects, and the Redis store writes its own JSON. */
const plainKeyv = (store: MemoryStore | KeyvAdapter) =>
  new Keyv({ store, useKeyPrefix: false, serialize: undefined, deserialize: undefined });

function redisStore(redis: Redis) {
  const store = redisInsStore(redis.client as Parameters<typeof redisInsStore>[0]);
  return new KeyvAdapter({
    ...store,
    get: (key) => redis.read(store.get(key)),
    mget: (...keys) => redis.read(store.mget(...keys)),
    set: (key, value, ttl) => redis.write(store.set(key, value, ttl)),
  });
}
