import { KeyvAdapter } from 'cache-manager';
import { redisInsStore } from 'cache-manager-redis-yet';
import { Keyv } from 'keyv';
import type { Redis } from './redis.js';
import { BoundedMap } from './bounded-map.js';

const MOST_BYTES_IN_MEMORY = 64 * 2 ** 20;

/** The tiers of the cache, nearest first: this process's memory, then Redis where there is one. */
export const cacheStores = (redis: Redis | undefined): Keyv[] => [
  plainKeyv(new BoundedMap(MOST_BYTES_IN_MEMORY)),
  ...(redis ? [plainKeyv(redisStore(redis))] : []),
];

/** Keys as they are given, and values too: memory keeps them whole, and the Redis store writes its own JSON. */
const plainKeyv = (store: Map<string, unknown> | KeyvAdapter) =>
  new Keyv({ store, useKeyPrefix: false, serialize: undefined, deserialize: undefined });

function redisStore(redis: Redis) {
  const store = redisInsStore(redis.client as Parameters<typeof redisInsStore>[0]);
  return new KeyvAdapter({
    ...store,
    get: (key) => redis.answer(store.get(key)),
    mget: (...keys) => redis.answer(store.mget(...keys)),
    set: (key, value, ttl) => redis.write(store.set(key, value, ttl)),
  });
}
