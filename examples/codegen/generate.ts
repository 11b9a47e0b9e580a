// Writes a typed document for each operation in operations.graphql. `graphql-codegen`, the command, takes the same settings.
import { codegen } from '@graphql-codegen/core';
import * as documents from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { parse } from 'graphql';
import { mkdir, readFile, writeFile } from 'node:fs/promises';

const folder = new URL('__generated__/', import.meta.url);
const read = async (file: string) => parse(await readFile(new URL(file, import.meta.url), 'utf8'));

const generated = await codegen({
  filename: 'operations.ts',
  schema: await read('../../schema.graphql'),
  documents: [{ location: 'operations.graphql', document: await read('operations.graphql') }],
  config: { scalars: { DateTime: 'string' }, strictScalars: true, useTypeImports: true },
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations, documents },
});
await mkdir(folder, { recursive: true });
await writeFile(new URL('operations.ts', folder), generated);
