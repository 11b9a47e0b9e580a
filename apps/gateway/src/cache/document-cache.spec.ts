import { expect, it } from '@jest/globals';
import { DocumentCache } from './document-cache.js';

const cache = () => new DocumentCache<string>((document) => document.length);

it('keeps the 200 documents used most recently', async () => {
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

it('keeps no long document, also if its length is whitespace', async () => {
  const documents = cache();
  await documents.set('long', `{ a } #${' '.repeat(10_000)}`);
  expect(await documents.get('long')).toBeUndefined();
});
