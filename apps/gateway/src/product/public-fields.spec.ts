import { beforeAll, describe, expect, it } from '@jest/globals';
import { getNamedType, type GraphQLSchema, isObjectType, Kind, parse, type OperationDefinitionNode } from 'graphql';
import { fragmentsOf } from '../graphql/limits/operation-limits.js';
import { apiSchema } from '../schema.js';
import { isPublic, PUBLIC_FIELDS } from './public-fields.js';

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await apiSchema();
});

function isPublicText(text: string): boolean {
  const document = parse(text);
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  return isPublic(schema, operation as OperationDefinitionNode, fragmentsOf(document));
}

/** An operation that selects the field, below the public fields that lead to its type. */
const TO_TYPE: Record<string, (selection: string) => string> = {
  Query: (selection) => `{ ${selection} }`,
  Product: (selection) => `{ products { ${selection} } }`,
  ProductConnection: (selection) => `{ productConnection { ${selection} } }`,
  ProductEdge: (selection) => `{ productConnection { edges { ${selection} } } }`,
  PageInfo: (selection) => `{ productConnection { pageInfo { ${selection} } } }`,
};

it('lists fields of the schema only', () => {
  for (const [type, fields] of Object.entries(PUBLIC_FIELDS)) {
    const object = schema.getType(type);
    expect(isObjectType(object) && Object.keys(object.getFields())).toEqual(expect.arrayContaining([...fields]));
  }
});

it('knows all public fields of a product, so that a new one is decided on', () => {
  const object = schema.getType('Product');
  const fields = isObjectType(object) ? Object.keys(object.getFields()) : [];
  expect(fields.filter((field) => !PUBLIC_FIELDS.Product!.includes(field))).toEqual(['seller']);
});

describe('an answer is private', () => {
  it('with any other field of the types that lead to products', () => {
    const kept: string[] = [];
    for (const [type, operationWith] of Object.entries(TO_TYPE)) {
      const object = schema.getType(type);
      for (const { name, type: fieldType } of Object.values(isObjectType(object) ? object.getFields() : {})) {
        const selection = isObjectType(getNamedType(fieldType)) ? `${name} { __typename }` : name;
        if (isPublicText(operationWith(selection))) kept.push(`${type}.${name}`);
      }
    }
    const listed = Object.entries(PUBLIC_FIELDS).flatMap(([type, fields]) => fields.map((field) => `${type}.${field}`));
    expect(kept.toSorted()).toEqual(listed.toSorted());
  });

  it.each([
    ['a mutation', 'mutation { deleteProduct(id: "1") { id } }'],
    ['a subscription', 'subscription { orderUpdated { id } }'],
    ['the caller beside products', '{ products { id } me { id } }'],
    ['the seller in a fragment', '{ products { ...P } } fragment P on Product { id seller { id } }'],
    ['the seller in an inline fragment', '{ products { ... on Product { seller { id } } } }'],
    [
      'the seller in a fragment that is spread twice',
      '{ a: products { ...P } b: products { ...P } } fragment P on Product { seller { id } }',
    ],
    ['the schema', '{ __schema { types { name } } }'],
    ['a node by its id', '{ node(id: "1") { id } }'],
  ])('with %s', (_, text) => expect(isPublicText(text)).toBe(false));
});

it.each([
  ['a page', '{ productConnection(first: 2) { edges { cursor node { id } } pageInfo { hasNextPage } totalCount } }'],
  ['fragments', '{ products { ...P ... { stock } } } fragment P on Product { id price __typename }'],
])('an answer is public with %s', (_, text) => expect(isPublicText(text)).toBe(true));

it('takes a moment for fragments that spread each other twice', () => {
  const fragments = Array.from({ length: 60 }, (_, i) => `fragment F${i} on Product { ...F${i + 1} ...F${i + 1} }`);
  expect(isPublicText(`{ products { ...F0 } } ${fragments.join(' ')} fragment F60 on Product { id }`)).toBe(true);
});
