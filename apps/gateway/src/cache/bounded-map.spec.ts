import { describe, expect, it } from '@jest/globals';
import { BoundedMap } from './bounded-map.js';

/** A page as large as they come, about 2 MB; its texts are one, so that the test itself needs no memory. */
const TEXT = 'x'.repeat(10_000);
const page = (length = 100) => ({ value: Array.from({ length }, () => ({ node: { description: TEXT } })) });

describe('what a gateway keeps in its memory', () => {
  it('is bounded in bytes, however many and however large the pages are, and the newest stay', () => {
    const kept = new BoundedMap(20_000_000);
    for (let i = 0; i < 1_000; i++) kept.set(`page ${i}`, page());
    expect(kept.size).toBe(9);
    expect(kept.has('page 990')).toBe(false);
    expect(kept.get('page 999')).toEqual(page());
  });

  it('makes room for one large thing at the cost of many small ones', () => {
    const kept = new BoundedMap(5_000_000);
    for (let i = 0; i < 100; i++) kept.set(`product ${i}`, page(1));
    expect(kept.size).toBe(100);
    kept.set('page', page(200));
    expect(kept.size).toBeLessThan(50);
    expect(kept.has('product 0')).toBe(false);
    expect(kept.has('product 99')).toBe(true);
  });

  it('does not keep what is larger than all of it', () => {
    const kept = new BoundedMap(1_000_000);
    kept.set('page', page());
    expect(kept.size).toBe(0);
  });

  it('counts only what is there: what is written again, removed or cleared takes nothing', () => {
    const kept = new BoundedMap(5_000_000);
    for (let i = 0; i < 100; i++) kept.set('page', page());
    for (let i = 0; i < 100; i++) {
      kept.set('other page', page());
      kept.delete('other page');
    }
    expect([...kept.keys()]).toEqual(['page']);
    kept.clear();
    kept.set('one', page());
    kept.set('two', page());
    expect(kept.size).toBe(2);
  });

  it('counts the names of things too', () => {
    const kept = new BoundedMap(1_000_000);
    for (let i = 0; i < 1_000; i++) kept.set(`${i}${TEXT}`, null);
    expect(kept.size).toBeLessThan(50);
  });
});
