import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessOf, Public } from '@app/auth';
import { isErrorCode } from '@app/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Query, Resolver, TypeMetadataStorage } from '@nestjs/graphql';
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { GatewayUnderTest } from '../test/gateway-under-test.js';
import { apiSchema, printedSchema, resolvers } from './schema.js';

const root = join(import.meta.dirname, '../../..');
const baselines = join(root, 'test/schema-baselines');

describe('the schema', () => {
  it('equals schema.graphql, which `npm run schema` writes', async () => {
    expect(readFileSync(join(root, 'schema.graphql'), 'utf8')).toBe(`${await printedSchema()}\n`);
  });

  it.each(readdirSync(baselines))('has no breaking changes since %s', async (baseline) => {
    const before = buildSchema(readFileSync(join(baselines, baseline), 'utf8'));
    expect(findBreakingChanges(before, await apiSchema())).toEqual([]);
  });
});

describe('the documentation in the schema', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await apiSchema();
  });

  it('describes every type, field, argument, input field and enum value', () => {
    expect(Object.values(schema.getTypeMap()).flatMap(undescribedIn)).toEqual([]);
  });

  it('lists the errors of every mutation', () => {
    for (const { name, description } of Object.values(schema.getMutationType()!.getFields())) {
      const [, codes = ''] = /Errors: (.+)\.$/.exec(description ?? '') ?? [];
      const unknown = codes.split(', ').filter((code) => !isErrorCode(code));
      expect({ name, unknown }).toEqual({ name, unknown: [] });
    }
  });
});

/** The paths of a type that have no description. The root types have none: their fields say what they do. */
function undescribedIn(type: GraphQLNamedType): string[] {
  if (isIntrospectionType(type) || isSpecifiedScalarType(type)) return [];
  const isRoot = ['Query', 'Mutation', 'Subscription'].includes(type.name);
  const described: { path: string; description?: string | null }[] = isRoot
    ? []
    : [{ path: type.name, description: type.description }];
  if (isEnumType(type))
    for (const { name, description } of type.getValues()) described.push({ path: `${type.name}.${name}`, description });
  if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type))
    for (const field of Object.values<GraphQLField<unknown, unknown> | GraphQLInputField>(type.getFields())) {
      const path = `${type.name}.${field.name}`;
      described.push({ path, description: field.description });
      if ('args' in field)
        for (const { name, description } of field.args) described.push({ path: `${path}(${name})`, description });
    }
  return described.filter(({ description }) => !description).map(({ path }) => path);
}

/** The queries, mutations and subscriptions of these resolvers that declare no access. */
function undeclaredIn(classes: Function[]): string[] {
  return [
    ...TypeMetadataStorage.getQueriesMetadata(),
    ...TypeMetadataStorage.getMutationsMetadata(),
    ...TypeMetadataStorage.getSubscriptionsMetadata(),
  ]
    .filter(({ target, methodName }) => classes.includes(target) && !accessOf(target.prototype[methodName]))
    .map(({ methodName }) => methodName);
}

@Resolver()
class UndeclaredAccess {
  @Query(() => String)
  @Public()
  declared(): string {
    return 'public';
  }

  @Query(() => String)
  forgotten(): string {
    return 'secret';
  }
}

describe('the access to an operation', () => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await GatewayUnderTest.start({}, {}, [UndeclaredAccess]);
  });
  afterAll(() => gateway.close());

  it('is declared by every operation of the API', () => {
    expect(undeclaredIn(resolvers)).toEqual([]);
    expect(undeclaredIn([UndeclaredAccess])).toEqual([UndeclaredAccess.prototype.forgotten.name]);
  });

  it('is denied to everyone if it is not declared', async () => {
    expect((await gateway.graphql('{ declared }')).data).toEqual({ declared: 'public' });
    for (const token of [undefined, gateway.signIn(randomUUID())]) {
      const { data, errors } = await gateway.graphql('{ forgotten }', { token });
      expect(data).toBeNull();
      expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    }
  });
});
