import { expect, it } from '@jest/globals';
import { DocumentCache } from './document-cache.js';

const cache = () => new DocumentCache<string>((document) => document.length);

it('keeps the documents that were used last, and only so many', async () => {
  const documents = cache();
  await documents.set('used', '{ a }');
  await documents.set('unused', '{ b }');
  for (let i = 0; i < 199; i++) {
    await documents.get('used');
    await documents.set(String(i), `{ a${i} }`);
  }
  expect(await documents.get('unused')).toBeUndefined();
  expect(await documents.get('used')).toBe('{ a }');
  expect(await documents.get('198')).toBe('{ a198 }');
});

it('keeps none that is longer than people write, whatever it is long with', async () => {
  const documents = cache();
  await documents.set('long', `{ a } #${' '.repeat(10_000)}`);
  expect(await documents.get('long')).toBeUndefined();
});
