import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const folder = join(import.meta.dirname, '..');
const root = join(folder, '../..');

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
}

const manifestIn = (path: string) => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;

it('is generated: `npm run schema` writes the same api.ts', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'generate.ts')]);
  expect(readFileSync(join(folder, 'src/api.ts'), 'utf8')).toBe(stdout);
});

it('has the version of the API, and depends on versions that the tests use', () => {
  const [own, project] = [manifestIn(folder), manifestIn(root)];
  expect(own.version).toBe(project.version);
  const used = Object.keys(own.dependencies).map((name) => [
    name,
    manifestIn(join(root, 'node_modules', name)).version,
  ]);
  expect(own.dependencies).toEqual(Object.fromEntries(used));
});
