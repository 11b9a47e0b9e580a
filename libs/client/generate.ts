// Part of `npm run schema`: prints src/api.ts, which follows from schema.graphql and src/operations.graphql.
import { codegen } from '@graphql-codegen/core';
import * as documents from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { buildSchema, getNamedType, isInputObjectType, parse, type GraphQLEnumType, type GraphQLField } from 'graphql';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const file = fileURLToPath(new URL('src/api.ts', import.meta.url));
const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

async function api(): Promise<string> {
  const sdl = await read('../../schema.graphql');
  const schema = buildSchema(sdl);
  const { values, description } = enumOf(schema.getType('ErrorCode') as GraphQLEnumType);
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
  const generated = await codegen({
    filename: file,
    schema: parse(sdl),
    documents: [{ location: 'operations.graphql', document: parse(await read('src/operations.graphql')) }],
    config: {
      scalars: { DateTime: 'string', ID: 'string' },
      strictScalars: true,
      useTypeImports: true,
      documentMode: 'string',
    },
    plugins: [{ operations: {} }, { documents: {} }],
    pluginMap: { operations, documents },
  });
  const source = `// Written by \`npm run schema\`.
    ${generated}
    /** ${description} */
    export type ErrorCode = ${values.join('')};

    /** The mutations that take an idempotency key. */
    export const KEYED_MUTATIONS: readonly string[] = ${JSON.stringify(mutations.filter(takesKey).map(({ name }) => name))};
  `;
  return format(source, { ...(await resolveConfig(file)), filepath: file });
}

const enumOf = (type: GraphQLEnumType) => ({
  description: type.description,
  values: type.getValues().map(({ name, description }) => `\n/** ${description} */\n| '${name}'`),
});

const takesKey = ({ args }: GraphQLField<unknown, unknown>) =>
  args.some(({ name, type }) => {
    const input = getNamedType(type);
    return name === 'idempotencyKey' || (isInputObjectType(input) && 'idempotencyKey' in input.getFields());
  });

process.stdout.write(await api());
