import { AppError, MAX_LINES } from '@app/contracts';
import { beforeAll, describe, expect, it, test } from '@jest/globals';
import { getIntrospectionQuery, GraphQLError, type GraphQLSchema, parse, specifiedRules, validate } from 'graphql';
import { apiSchema } from '../../schema.js';
import { assertCost, limitRules, tokenLimitError, parseOptions } from './operation-limits.js';

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await apiSchema();
});

/** Checks an operation as the gateway does before its execution. */
function refusalOf(query: string, variables?: Record<string, unknown>): AppError | undefined {
  try {
    const document = parse(query, parseOptions);
    const [invalid] = validate(schema, document, [...specifiedRules, ...limitRules]);
    if (invalid) throw invalid;
    assertCost(schema, { document, variables });
    return undefined;
  } catch (error) {
    const refusal = tokenLimitError(error as Error) ?? (error as GraphQLError).originalError;
    if (refusal instanceof AppError) return refusal;
    throw error;
  }
}

const tooComplex = (details: object) => expect.objectContaining({ code: 'OPERATION_TOO_COMPLEX', details });

const PROFILE = 'profile { bio shippingAddress pincode city country phoneNumber }';
const USER = `id name email role createdAt ${PROFILE}`;
const PRODUCT = `id name price stock description createdAt updatedAt seller { ${USER} }`;
const ORDER = `id userId total status cancelReason shippingAddress pincode city country phoneNumber createdAt updatedAt
  items { id productId quantity price product { ${PRODUCT} } } user { ${USER} }`;
const PAGE = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount';
const PLACE = 'mutation ($input: OrderInput!) { placeOrder(input: $input) { id } }';
const LINE = '{ productId: "5a1ba7c2-5c6c-4b8b-8f0c-3f6d2f0c7d11", quantity: 1 }';

describe('the limits allow', () => {
  it.each([
    ['all fields of orders', `{ orders { ${ORDER} } }`],
    ['all fields of products and users', `{ products { ${PRODUCT} } users { ${USER} } me { ${USER} } }`],
    [
      'the largest pages',
      `{ orderConnection(first: 100) { edges { cursor node { ${ORDER} } } ${PAGE} }
      productConnection(first: 100) { edges { cursor node { ${PRODUCT} } } ${PAGE} }
      userConnection(first: 100) { edges { cursor node { ${USER} } } ${PAGE} } }`,
    ],
    [
      'an order with the most lines',
      `mutation { placeOrder(input: { items: [${`${LINE}, `.repeat(MAX_LINES)}] }) { ${ORDER} } }`,
    ],
    ['an update with all fields', `subscription { orderUpdated { ${ORDER} } }`],
    [
      'thirty products by their ids',
      `{ ${Array.from({ length: 30 }, (_, i) => `a${i}: product(id: "${i}") { ...P }`).join(' ')} } fragment P on Product { ${PRODUCT} }`,
    ],
    [
      'introspection by tools',
      getIntrospectionQuery({
        inputValueDeprecation: true,
        specifiedByUrl: true,
        schemaDescription: true,
        directiveIsRepeatable: true,
        oneOf: true,
      }),
    ],
  ])('%s', (_, query) => {
    expect(refusalOf(query)).toBeUndefined();
  });

  it('an order with the most lines in a variable', () => {
    const items = Array.from({ length: MAX_LINES }, () => ({ productId: 'x', quantity: 1 }));
    expect(refusalOf(PLACE, { input: { items } })).toBeUndefined();
  });
});

test('variables have at most 1000 fields, at any depth', () => {
  const lines = (count: number) => [[{ input: { a: Array.from({ length: count }, () => ({ a: { b: 1 } })) } }]];
  expect(refusalOf(PLACE, { input: lines(498) })).toBeUndefined();
  expect(refusalOf(PLACE, { input: lines(499) })).toEqual(tooComplex({ limit: 1000, actual: 1001 }));
});

it.each([
  ['depth', 12, (n: number) => `{ products ${'{ products '.repeat(n - 1)}${'}'.repeat(n - 1)} }`],
  ['number of aliases', 30, (n: number) => `{ ${Array.from({ length: n }, (_, i) => `a${i}: __typename`).join(' ')} }`],
  ['length of an alias', 100, (n: number) => `{ ${'a'.repeat(n)}: __typename }`],
  ['number of directives', 30, (n: number) => `{ __typename ${'@skip(if: false) '.repeat(n)} }`],
  ['number of repeats of a field', 30, (n: number) => `{ ${'products { id } '.repeat(n)} }`],
  ['number of repeats of a field', 30, (n: number) => `{ products { ${'... { ... { id } } '.repeat(n)} } }`],
  [
    'number of repeats of a field',
    30,
    (n: number) => `{ ${Array.from({ length: n }, (_, i) => `...F${i}`).join(' ')} }
      ${Array.from({ length: n }, (_, i) => `fragment F${i} on Query { me { id } }`).join(' ')}`,
  ],
])('refuses a document over the limit of the %s', (what, limit, query) => {
  const refusals = (n: number) =>
    validate(schema, parse(query(n)), limitRules).map(({ originalError }) => originalError);
  expect(refusals(limit)).toEqual([]);
  expect(refusals(limit + 1)).toEqual([tooComplex({ limit, actual: limit + 1 })]);
  expect(String(refusals(limit + 1)[0])).toContain(`${what} of ${limit + 1}; at most ${limit}`);
});

it('does not count a field at another place as a repeat', () => {
  const each = (n: number, field: (i: number) => string) => Array.from({ length: n }, (_, i) => field(i)).join(' ');
  expect(refusalOf(`{ ${each(30, (i) => `a${i}: me { id }`)} me { id } }`)).toBeUndefined();
  const operations = each(31, (i) => `query Q${i} { me { id } }`);
  expect(validate(schema, parse(operations), limitRules)).toEqual([]);
});

it('does not validate a document over a limit any further', () => {
  const errors = validate(schema, parse(`{ ${'nothing { id } '.repeat(31)} }`), [...specifiedRules, ...limitRules]);
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('at most 30 is allowed')]);
});

it('stops parsing a document at the limit of tokens', () => {
  expect(refusalOf(`{ ${'id '.repeat(2_000)}`)).toEqual(tooComplex({ limit: 1_000 }));
});
