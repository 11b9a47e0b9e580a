import { KeyvAdapter } from 'cache-manager';
import { redisInsStore } from 'cache-manager-redis-yet';
import { Keyv } from 'keyv';
import type { Redis } from '../redis.js';

const MOST_IN_MEMORY = 5_000;

/** The tiers of the cache, nearest first: this process's memory, then Redis where there is one. */
export const cacheStores = (redis: Redis | undefined): Keyv[] => [
  plainKeyv(new BoundedMap(MOST_IN_MEMORY)),
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
    set: (key, value, ttl) => redis.answer(store.set(key, value, ttl)),
  });
}

/** Drops what came first when it is full. */
class BoundedMap<K, V> extends Map<K, V> {
  constructor(private readonly most: number) {
    super();
  }

  override set(key: K, value: V) {
    if (this.size >= this.most && !this.has(key)) this.delete(this.keys().next().value as K);
    return super.set(key, value);
  }
}
