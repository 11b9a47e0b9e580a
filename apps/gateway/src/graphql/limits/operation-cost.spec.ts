import { beforeAll, describe, expect, it } from '@jest/globals';
import { getOperationAST, type GraphQLSchema, isObjectType, parse } from 'graphql';
import { apiSchema } from '../../schema.js';
import { answerCostOf, costOf } from './operation-cost.js';
import { fragmentsOf, MAX_COST } from './operation-limits.js';

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await apiSchema();
});

function cost(query: string, variables: Record<string, unknown> = {}): number {
  const document = parse(query);
  return costOf(schema, { operation: getOperationAST(document)!, fragments: fragmentsOf(document), variables });
}

const aliased = (count: number, field: string) => Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ');

/** The fields that declare this extension, as `Type.field`. */
function declared(extension: 'complexity' | 'rows'): Record<string, unknown> {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  const fields = types.flatMap((type) =>
    Object.values(type.getFields()).map(
      (field) => [`${type.name}.${field.name}`, field.extensions[extension]] as const,
    ),
  );
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined && value !== 1));
}

it('leaves out the work of a mutation where only its answer counts', () => {
  const document = parse('mutation { loginUser(input: {}) { accessToken } cancelOrder(id: "1") { id status } }');
  const requested = { operation: getOperationAST(document)!, fragments: {}, variables: {} };
  expect(answerCostOf(schema, requested)).toBe(5);
});

it('goes by the weights that fields declare', () => {
  expect(declared('complexity')).toEqual({
    'Product.description': 16,
    'Profile.bio': 8,
    'Profile.shippingAddress': 2,
    'Order.shippingAddress': 2,
    'ProductEdge.cursor': 2,
    'PageInfo.startCursor': 2,
    'PageInfo.endCursor': 2,
    'Product.seller': 20,
    'OrderItem.product': 20,
    'Order.user': 20,
    'Query.node': 60,
    'Query.nodes': 60,
    'User.email': 20,
    'User.profile': 20,
    'UserConnection.totalCount': 3_000,
    'ProductConnection.totalCount': 3_000,
    'OrderConnection.totalCount': 3_000,
    'Mutation.registerUser': 120_000,
    'Mutation.loginUser': 120_000,
    'Mutation.changePassword': 120_000,
  });
  expect(declared('rows')).toEqual({ 'Order.items': 2 });
});

describe('the cost of an operation', () => {
  it('grows with the rows that it requests, by a literal, a variable or a default', () => {
    const pages = 1_000_000 * 3 + 1;
    const edges = '{ edges { cursor node { id } } }';
    expect(cost(`{ userConnection(first: 1000000) { edges { node { id } } } }`)).toBe(pages);
    expect(cost(`query ($n: Int) { userConnection(first: $n) { edges { node { id } } } }`, { n: 1_000_000 })).toBe(
      pages,
    );
    expect(cost(`query ($n: Int = 1000000) { userConnection(first: $n) { edges { node { id } } } }`)).toBe(pages);
    expect(cost(`{ userConnection(first: 1000000) ${edges} }`)).toBe(pages + 1_000_000);
    expect(cost(`query ($n: Int) { userConnection(first: $n) ${edges} }`, { n: 20 })).toBe(20 * 4 + 1);
    expect(cost(`{ userConnection ${edges} }`)).toBe(20 * 4 + 1);
  });

  it('counts a list in a list once per row', () => {
    expect(cost(`{ orders { ${aliased(30, 'items { id }')} } }`)).toBe(1_000 * (1 + 30 * 2 * 2));
  });

  it('counts a fragment each time that it is spread', () => {
    const descriptions = (spreads: number) =>
      `{ productConnection(first: 1000) { edges { node { ${'...D '.repeat(spreads)} } } } } fragment D on Product { description }`;
    expect(cost(descriptions(21))).toBeLessThanOrEqual(MAX_COST);
    expect(cost(descriptions(22))).toBe(1 + 1_000 * (1 + 1 + 22 * 16));
    expect(cost(descriptions(22))).toBeGreaterThan(MAX_COST);
  });

  it('is 1 for each 1000 bytes of the longest value of a field', () => {
    const perRow = (connection: string, fields: string) =>
      (cost(`{ ${connection}(first: 1000000) { edges { node { ${fields} } } } }`) - 1) / 1_000_000 - 2;
    expect(perRow('productConnection', 'id name stock')).toBe(3);
    expect(perRow('productConnection', 'description')).toBe(16);
    expect(perRow('orderConnection', 'shippingAddress city')).toBe(2 + 1);
    expect(perRow('userConnection', 'profile { bio shippingAddress }')).toBe(20 + 8 + 2);
    expect(cost('{ productConnection(first: 1000000) { edges { cursor } } }')).toBe(1 + 1_000_000 * 3);
  });

  it('is higher for a field with a resolver', () => {
    expect(cost('{ productConnection(first: 1000000) { edges { node { seller { email } } } } }')).toBe(
      1 + 1_000_000 * (1 + 1 + 20 + 20),
    );
  });

  it('is higher for fields that count all rows, change data or hash passwords', () => {
    const login = 'loginUser(input: { email: "a@example.com", password: "b" }) { accessToken }';
    expect(cost(`mutation { ${aliased(2, login)} }`)).toBeLessThanOrEqual(MAX_COST);
    expect(cost(`mutation { ${aliased(3, login)} }`)).toBe(3 * 120_001);
    expect(cost(`mutation { ${aliased(14, 'cancelOrder(id: "1") { id }')} }`)).toBeLessThanOrEqual(MAX_COST);
    expect(cost(`mutation { ${aliased(15, 'cancelOrder(id: "1") { id }')} }`)).toBe(15 * 24_001);
    expect(cost(`{ ${aliased(30, 'userConnection { totalCount }')} }`)).toBe(30 * (1 + 3_000));
  });
});
