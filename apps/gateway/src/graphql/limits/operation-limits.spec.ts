import { randomUUID } from 'node:crypto';
import { AppError, MAX_LINES, type OrderDto, type ProductDto, Role } from '@app/contracts';
import { afterEach, beforeAll, describe, expect, it, test } from '@jest/globals';
import {
  buildSchema,
  getIntrospectionQuery,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { assertCost, limitRules, parseLimitFault, parseOptions } from './operation-limits.js';
import { printedSchema } from '../../schema.js';

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = buildSchema(await printedSchema());
});

/** What an edge does before it runs an operation. */
function refusalOf(query: string, variables?: Record<string, unknown>): AppError | undefined {
  try {
    const document = parse(query, parseOptions);
    const [fault] = validate(schema, document, [...specifiedRules, ...limitRules]);
    if (fault) throw fault;
    assertCost(schema, { document, variables });
    return undefined;
  } catch (error) {
    const fault = parseLimitFault(error as Error) ?? (error as GraphQLError).originalError;
    if (fault instanceof AppError) return fault;
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

describe('what is within the limits', () => {
  it.each([
    ['all there is of orders', `{ orders { ${ORDER} } }`],
    ['all there is of products and users', `{ products { ${PRODUCT} } users { ${USER} } me { ${USER} } }`],
    [
      'the largest pages',
      `{ orderConnection(first: 100) { edges { cursor node { ${ORDER} } } ${PAGE} }
      productConnection(first: 100) { edges { cursor node { ${PRODUCT} } } ${PAGE} }
      userConnection(first: 100) { edges { cursor node { ${USER} } } ${PAGE} } }`,
    ],
    [
      'an order of as many lines as there may be',
      `mutation { placeOrder(input: { items: [${`${LINE}, `.repeat(MAX_LINES)}] }) { ${ORDER} } }`,
    ],
    ['every live update', `subscription { orderUpdated { ${ORDER} } }`],
    [
      'thirty products by their ids',
      `{ ${Array.from({ length: 30 }, (_, i) => `a${i}: product(id: "${i}") { ...P }`).join(' ')} } fragment P on Product { ${PRODUCT} }`,
    ],
    [
      "tools' questions about the schema",
      getIntrospectionQuery({
        inputValueDeprecation: true,
        specifiedByUrl: true,
        schemaDescription: true,
        directiveIsRepeatable: true,
        oneOf: true,
      }),
    ],
  ])('is %s', (_, query) => {
    expect(refusalOf(query)).toBeUndefined();
  });

  it('is an order of many lines that come by a variable', () => {
    const items = Array.from({ length: MAX_LINES }, () => ({ productId: 'x', quantity: 1 }));
    expect(refusalOf(PLACE, { input: { items } })).toBeUndefined();
  });
});

test('variables have 1000 fields at most, however deep they are', () => {
  const lines = (count: number) => [[{ input: { a: Array.from({ length: count }, () => ({ a: { b: 1 } })) } }]];
  expect(refusalOf(PLACE, { input: lines(498) })).toBeUndefined();
  expect(refusalOf(PLACE, { input: lines(499) })).toEqual(tooComplex({ limit: 1000, actual: 1001 }));
});

describe('what an operation costs', () => {
  const costOf = (query: string, variables?: Record<string, unknown>) => refusalOf(query, variables)?.details?.actual;

  it('grows with the rows that it asks for, however it says so', () => {
    const cost = 1_000_000 * 3 + 1;
    const edges = '{ edges { cursor node { id } } }';
    expect(costOf(`{ userConnection(first: 1000000) { edges { node { id } } } }`)).toBe(cost);
    expect(costOf(`query ($n: Int) { userConnection(first: $n) { edges { node { id } } } }`, { n: 1_000_000 })).toBe(
      cost,
    );
    expect(costOf(`query ($n: Int = 1000000) { userConnection(first: $n) { edges { node { id } } } }`)).toBe(cost);
    expect(costOf(`{ userConnection(first: 1000000) ${edges} }`)).toBe(cost + 1_000_000);
    expect(costOf(`query ($n: Int) { userConnection(first: $n) ${edges} }`, { n: 20 })).toBeUndefined();
    expect(costOf(`{ userConnection ${edges} }`)).toBeUndefined();
  });

  it('counts a list in a list as often as there are rows', () => {
    const query = (aliases: number) =>
      `{ orders { ${Array.from({ length: aliases }, (_, i) => `a${i}: items { id }`).join(' ')} } }`;
    expect(costOf(query(30))).toBeUndefined();
    expect(refusalOf(`{ orders { ${ORDER} } others: orders { ${ORDER} } }`)).toEqual(
      tooComplex({ limit: 350_000, actual: expect.any(Number) }),
    );
  });

  it('counts a fragment each time that it is spread', () => {
    const total = (spreads: number) =>
      `{ productConnection(first: 1000) { edges { node { ${'...D '.repeat(spreads)} } } } } fragment D on Product { description }`;
    expect(costOf(total(21))).toBeUndefined();
    expect(costOf(total(22))).toBe(1 + 1_000 * (1 + 1 + 22 * 16));
  });

  it('is one for each 1000 bytes that a field may take', () => {
    const cost = (connection: string, fields: string) =>
      (Number(costOf(`{ ${connection}(first: 1000000) { edges { node { ${fields} } } } }`)) - 1) / 1_000_000 - 2;
    expect(cost('productConnection', 'id name stock')).toBe(3);
    expect(cost('productConnection', 'description')).toBe(16);
    expect(cost('orderConnection', 'shippingAddress city')).toBe(2 + 1);
    expect(cost('userConnection', 'profile { bio shippingAddress }')).toBe(20 + 8 + 2);
    expect(costOf('{ productConnection(first: 1000000) { edges { cursor } } }')).toBe(1 + 1_000_000 * 3);
  });

  it('has more for what a resolver of its own answers', () => {
    expect(costOf('{ productConnection(first: 1000000) { edges { node { seller { email } } } } }')).toBe(
      1 + 1_000_000 * (1 + 1 + 20 + 20),
    );
  });

  it('has more for what counts all rows, changes something or hashes passwords', () => {
    const aliased = (count: number, field: string) =>
      Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ');
    const login = 'loginUser(input: { email: "a@example.com", password: "b" }) { accessToken }';
    expect(costOf(`mutation { ${aliased(2, login)} }`)).toBeUndefined();
    expect(costOf(`mutation { ${aliased(3, login)} }`)).toBe(3 * 120_001);
    expect(costOf(`mutation { ${aliased(14, 'cancelOrder(id: "1") { id }')} }`)).toBeUndefined();
    expect(costOf(`mutation { ${aliased(15, 'cancelOrder(id: "1") { id }')} }`)).toBe(15 * 24_001);
    expect(costOf(`{ ${aliased(30, 'userConnection { totalCount }')} }`)).toBeUndefined();
  });
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
])('says what the limit of the %s is', (what, limit, query) => {
  const faults = (n: number) => validate(schema, parse(query(n)), limitRules).map(({ originalError }) => originalError);
  expect(faults(limit)).toEqual([]);
  expect(faults(limit + 1)).toEqual([tooComplex({ limit, actual: limit + 1 })]);
  expect(String(faults(limit + 1)[0])).toContain(`${what} of ${limit + 1}; at most ${limit}`);
});

it('is no repeat of a field to be asked for elsewhere', () => {
  const each = (n: number, field: (i: number) => string) => Array.from({ length: n }, (_, i) => field(i)).join(' ');
  expect(refusalOf(`{ ${each(30, (i) => `a${i}: me { id }`)} me { id } }`)).toBeUndefined();
  const operations = each(31, (i) => `query Q${i} { me { id } }`);
  expect(validate(schema, parse(operations), limitRules)).toEqual([]);
});

it('looks no further into a document that is over a limit', () => {
  const faults = validate(schema, parse(`{ ${'nothing { id } '.repeat(31)} }`), [...specifiedRules, ...limitRules]);
  expect(faults.map(({ message }) => message)).toEqual([expect.stringContaining('at most 30 is allowed')]);
});

it('reads no more of a document than it may be long', () => {
  expect(refusalOf(`{ ${'id '.repeat(2_000)}`)).toEqual(tooComplex({ limit: 1_000 }));
});

describe('orders of more items than most have', () => {
  let gateway: GatewayUnderTest;
  afterEach(() => gateway.close());

  const at = '2026-11-22T12:00:00.000Z';
  async function start(orders: number, itemsOfEach: number) {
    const product = {
      id: randomUUID(),
      name: 'Lamp',
      price: 1,
      stock: 5,
      description: '',
      sellerId: randomUUID(),
      createdAt: at,
      updatedAt: at,
    };
    const order = () => ({
      id: randomUUID(),
      items: Array.from({ length: itemsOfEach }, () => ({
        id: randomUUID(),
        productId: product.id,
        quantity: 1,
        price: 1,
      })),
    });
    const list = Array.from({ length: orders }, order) as OrderDto[];
    gateway = await GatewayUnderTest.start({
      order: {
        list: async () => list,
        page: async () => ({
          edges: list.map((node) => ({ cursor: node.id, node })),
          pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
        }),
      },
      product: { getMany: async () => [product as ProductDto] },
    });
  }
  const ask = (query: string) => gateway.graphql(query, { token: gateway.signIn(randomUUID(), Role.ADMIN) });
  const ITEMS = 'id items { id product { id name price description again: description oncemore: description } }';

  it.each([`{ orders { ${ITEMS} } }`, `{ orderConnection(first: 100) { edges { node { ${ITEMS} } } } }`])(
    'end an operation before anything is done for each of them: %s',
    async (query) => {
      await start(100, 100);
      const { data, errors } = await ask(query);
      expect(data).toBeNull();
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_TOO_COMPLEX', limit: 700_000 });
      expect(gateway.asked).not.toContain('product.getMany');
    },
  );

  it('are answered where little is asked of each', async () => {
    await start(200, 100);
    const { data, errors } = await ask('{ orders { id items { id quantity } } }');
    expect(errors).toBeUndefined();
    expect(data?.orders).toHaveLength(200);
  });
});
