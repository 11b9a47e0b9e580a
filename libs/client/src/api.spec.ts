import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { api } from '../generate.js';

const folder = join(import.meta.dirname, '..');
const root = join(folder, '../..');
const read = (path: string) => readFileSync(path, 'utf8');

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
}

const manifestIn = (path: string) => JSON.parse(read(join(path, 'package.json'))) as Manifest;

it('is generated: `npm run schema` writes the same api.ts', async () => {
  expect(read(join(folder, 'src/api.ts'))).toBe(await api());
});

it('has the version of the API, and depends on versions that the tests use', () => {
  const [own, project] = [manifestIn(folder), manifestIn(root)];
  expect(own.version).toBe(project.version);
  const installed = Object.keys(own.dependencies).map((name) => [
    name,
    manifestIn(join(root, 'node_modules', name)).version,
  ]);
  expect(own.dependencies).toEqual(Object.fromEntries(installed));
});
