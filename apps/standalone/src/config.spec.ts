import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayConfig } from '../../gateway/src/config.js';
import { OrderConfig } from '../../order/src/config.js';
import { ProductConfig } from '../../product/src/config.js';
import { UserConfig } from '../../user/src/config.js';
import { StandaloneConfig } from './config.js';

const root = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** All variables that the apps read. */
const variables = new Set(
  [GatewayConfig, UserConfig, ProductConfig, OrderConfig, StandaloneConfig].flatMap((config) =>
    getMetadataStorage()
      .getTargetValidationMetadatas(config, '', false, false)
      .map(({ propertyName }) => propertyName),
  ),
);

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
    const named = [...read('.env.example').matchAll(/^#?(\w+)=/gm)].map(([, name]) => name);
    expect(wanted.filter((name) => name === name.toUpperCase() && !named.includes(name))).toEqual([]);
  });
});
