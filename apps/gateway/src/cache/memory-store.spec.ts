import { describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import { MemoryStore } from './memory-store.js';

/** The largest page, about 2 MB; its texts are one string, so that the test itself needs little memory. */
const TEXT = 'x'.repeat(10_000);
const page = (length = 100) => ({ value: Array.from({ length }, () => ({ node: { description: TEXT } })) });

describe('the store in memory', () => {
  it('is bounded in bytes for any number and size of pages, and keeps the newest', () => {
    const store = new MemoryStore(20_000_000);
    for (let i = 0; i < 1_000; i++) store.set(`page ${i}`, page());
    expect(store.size).toBe(9);
    expect(store.has('page 990')).toBe(false);
    expect(store.get('page 999')).toEqual(page());
  });

  it('evicts the entries used least recently', () => {
    const store = new MemoryStore(20_000_000);
    for (let i = 0; i < 20; i++) {
      store.set(`page ${i}`, page());
      store.get('page 0');
    }
    expect(store.has('page 0')).toBe(true);
    expect(store.has('page 1')).toBe(false);
  });

  it('evicts many small entries for a large one', () => {
    const store = new MemoryStore(5_000_000);
    for (let i = 0; i < 100; i++) store.set(`product ${i}`, page(1));
    expect(store.size).toBe(100);
    store.set('page', page(200));
    expect(store.size).toBeLessThan(50);
    expect(store.has('product 0')).toBe(false);
    expect(store.has('product 99')).toBe(true);
  });

  it('does not keep an entry that is larger than the store', () => {
    const store = new MemoryStore(1_000_000);
    store.set('page', page());
    expect(store.size).toBe(0);
  });

  it('counts only current entries: not those that were overwritten, deleted or cleared', () => {
    const store = new MemoryStore(5_000_000);
    for (let i = 0; i < 100; i++) store.set('page', page());
    for (let i = 0; i < 100; i++) {
      store.set('other page', page());
      store.delete('other page');
    }
    expect([...store.keys()]).toEqual(['page']);
    store.clear();
    store.set('one', page());
    store.set('two', page());
    expect(store.size).toBe(2);
  });

  it('counts keys too', () => {
    const store = new MemoryStore(1_000_000);
    for (let i = 0; i < 1_000; i++) store.set(`${i}${TEXT}`, {});
    expect(store.size).toBeLessThan(50);
  });

  it('is a store of Keyv, which expires its entries', async () => {
    const keyv = new Keyv({ store: new MemoryStore(1_000_000), serialize: undefined, deserialize: undefined });
    await keyv.set('product', null, 60_000);
    expect(await keyv.get('product')).toBeNull();
    await keyv.set('product', null, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await keyv.get('product')).toBeUndefined();
  });
});
