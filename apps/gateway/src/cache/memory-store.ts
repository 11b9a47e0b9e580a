import { LRUCache } from 'lru-cache';

/** A store of Keyv in this process's memory. When it is full, the entries used least recently are evicted. */
export class MemoryStore extends LRUCache<string, object> {
  constructor(maxBytes: number) {
    super({ maxSize: maxBytes, sizeCalculation: (value, key) => bytesIn(key) + bytesIn(value) });
  }

  /** Takes no options: Keyv passes a TTL in their place, and checks the expiry itself. */
  override set(key: string, value: object) {
    return super.set(key, value);
  }
}

/** Estimates the memory of plain data, rather too high: two bytes per character, and an overhead for each value. */
function bytesIn(value: unknown): number {
  if (typeof value === 'string') return 32 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 16;
  return Object.values(value).reduce<number>((sum, part) => sum + bytesIn(part), 64);
}
