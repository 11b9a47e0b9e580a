import { APPS, SERVICES } from '@app/contracts';
import { describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** All variables that the apps read. */
const variables = new Set((await Promise.all([...APPS, 'standalone'].map(variablesOf))).flat());

async function variablesOf(app: string): Promise<string[]> {
  const exported: Record<string, Type<object>> = await import(`../../${app}/src/config.js`);
  const config = Object.values(exported).find(({ name }) => /^[A-Z]\w+Config$/.test(name))!;
  const rules = getMetadataStorage().getTargetValidationMetadatas(config, '', false, false);
  return rules.map(({ propertyName }) => propertyName);
}

describe.each([...variables])('%s', (variable) => {
  it('is documented in docs/operations.md', () => {
    expect(read('docs/operations.md')).toMatch(new RegExp(`^\\| \`${variable}\``, 'm'));
  });

  it('is in .env.example', () => {
    expect(read('.env.example')).toMatch(new RegExp(`^#?${variable}=`, 'm'));
  });
});

describe('docker-compose.yml', () => {
  it('reads only variables that are in .env.example', () => {
    const wanted = [...read('docker-compose.yml').matchAll(/\$\{(\w+)|^ {6}(\w+):$/gm)].map(([, a, b]) => a ?? b!);
    const named = [...read('.env.example').matchAll(/^#?([\w<>]+)=/gm)].flatMap(([, name]) =>
      SERVICES.map((service) => name!.replace('<SERVICE>', service.toUpperCase())),
    );
    expect(wanted.filter((name) => name === name.toUpperCase() && !named.includes(name))).toEqual([]);
  });
});
