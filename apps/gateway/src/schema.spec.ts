import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSchema, findBreakingChanges } from 'graphql';
import { printedSchema } from './schema.js';

const root = join(import.meta.dirname, '../../..');
const baselines = join(root, 'test/schema-baselines');

describe('the API', () => {
  it('is what schema.graphql says; `npm run schema` writes it', async () => {
    expect(readFileSync(join(root, 'schema.graphql'), 'utf8')).toBe(`${await printedSchema()}\n`);
  });

  it.each(readdirSync(baselines))('still takes everything that was valid in %s', async (baseline) => {
    const before = buildSchema(readFileSync(join(baselines, baseline), 'utf8'));
    const after = buildSchema(await printedSchema());
    expect(findBreakingChanges(before, after)).toEqual([]);
  });
});
