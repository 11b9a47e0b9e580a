import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { newCustomers, type Answer, type Customer, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let caller: Customer;
let other: Customer;
let product: Product;
let before: unknown;

beforeAll(async () => {
  stack = await startStack();
  [caller, other] = (await newCustomers(stack.url, 2)) as [Customer, Customer];
  product = await caller.createProduct({ stock: 5 });
  before = await stored();
});

afterAll(() => stack?.stop());

const stored = () => Promise.all([caller.users(), caller.products(), caller.orders(), other.orders()]);

/** Words in a case that stand for what exists only once the stack runs. */
const filledIn = (json: string) =>
  json
    .replaceAll('<product>', product.id)
    .replaceAll('<PRODUCT>', product.id.toUpperCase())
    .replaceAll('<nobody>', randomUUID());

/** JSON as GraphQL writes it: with bare keys. */
const literal = (json: string) => json.replace(/"(\w+)":/g, '$1:');

const OPERATIONS = {
  registerUser: {
    type: 'RegisterInput!',
    right: { name: '"Ann"', email: '"ann@example.com"', password: '"12345678"' },
  },
  loginUser: { type: 'LoginInput!', right: { email: '"ann@example.com"', password: '"12345678"' } },
  createProduct: { type: 'ProductInput!', right: { name: '"Cup"', price: '1', description: '""', stock: '1' } },
  placeOrder: { type: 'OrderInput!', right: { items: '[{"productId": "<product>", "quantity": 1}]' } },
  updateProfile: { type: 'ProfileInput!', right: {} },
};

const LINE = '{"productId": "<product>", "quantity": 1}';
const quantity = (value: string) => ({ items: `[{"productId": "<product>", "quantity": ${value}}]` });
const productId = (value: string) => ({ items: `[{"productId": ${value}, "quantity": 1}]` });
const long = (length: number) => JSON.stringify('x'.repeat(length));
const NULL_CHARACTER = '"a\\u0000b"';

/** Operation, what is wrong, the field to be named, and the fields in JSON that differ from right ones. */
const CASES: [keyof typeof OPERATIONS, string, string, Record<string, string | undefined>][] = [
  ['registerUser', 'no name', 'name', { name: undefined }],
  ['registerUser', 'a name that is null', 'name', { name: 'null' }],
  ['registerUser', 'a name that is a number', 'name', { name: '5' }],
  ['registerUser', 'an empty name', 'name', { name: '""' }],
  ['registerUser', 'a name of 101 characters', 'name', { name: long(101) }],
  ['registerUser', 'a null character in the name', 'name', { name: NULL_CHARACTER }],
  ['registerUser', 'a surplus field', 'role', { role: '"ADMIN"' }],
  ['registerUser', 'a malformed e-mail', 'email', { email: '"ann.example.com"' }],
  ['registerUser', 'an e-mail without a domain', 'email', { email: '"ann@"' }],
  ['registerUser', 'a null character in the e-mail', 'email', { email: '"a\\u0000nn@example.com"' }],
  ['registerUser', 'an e-mail of 300 characters', 'email', { email: `"${'a'.repeat(288)}@example.com"` }],
  ['registerUser', 'a list for an e-mail', 'email', { email: '["ann@example.com"]' }],
  ['registerUser', 'a password of 7 characters', 'password', { password: '"1234567"' }],
  ['registerUser', 'a password of 200 characters', 'password', { password: long(200) }],
  ['registerUser', 'a null character in the password', 'password', { password: '"1234\\u00005678"' }],
  ['loginUser', 'no password', 'password', { password: undefined }],
  ['loginUser', 'a password of 200 characters', 'password', { password: long(200) }],
  ['loginUser', 'a malformed e-mail', 'email', { email: '"ann"' }],
  ['createProduct', 'no description', 'description', { description: undefined }],
  ['createProduct', 'a surplus field', 'sellerId', { sellerId: '"<nobody>"' }],
  ['createProduct', 'a price of -1', 'price', { price: '-1' }],
  ['createProduct', 'a price of 1e309', 'price', { price: '1e309' }],
  ['createProduct', 'a price of 29.999', 'price', { price: '29.999' }],
  ['createProduct', 'a price of 1e-7', 'price', { price: '1e-7' }],
  ['createProduct', 'a price over the limit', 'price', { price: '10000000.01' }],
  ['createProduct', 'a price that is text', 'price', { price: '"29.99"' }],
  ['createProduct', 'a stock of -1', 'stock', { stock: '-1' }],
  ['createProduct', 'a stock of 1.5', 'stock', { stock: '1.5' }],
  ['createProduct', 'a stock of 2^31', 'stock', { stock: '2147483648' }],
  ['createProduct', 'a stock over the limit', 'stock', { stock: '1000000001' }],
  ['createProduct', 'an empty name', 'name', { name: '""' }],
  ['createProduct', 'a name of 201 characters', 'name', { name: long(201) }],
  ['createProduct', 'a null character in the description', 'description', { description: NULL_CHARACTER }],
  ['createProduct', 'a description of 10001 characters', 'description', { description: long(10_001) }],
  ['placeOrder', 'no items', 'items', { items: undefined }],
  ['placeOrder', 'an empty list of items', 'items', { items: '[]' }],
  ['placeOrder', 'a null among the items', 'items', { items: '[null]' }],
  [
    'placeOrder',
    '101 items',
    'items',
    { items: `[${Array.from({ length: 101 }, () => LINE.replace('<product>', '<nobody>')).join()}]` },
  ],
  ['placeOrder', 'the same product twice', 'items', { items: `[${LINE}, ${LINE}]` }],
  [
    'placeOrder',
    'the same product twice, spelled otherwise',
    'items',
    { items: `[${LINE}, ${LINE.replace('<product>', '<PRODUCT>')}]` },
  ],
  ['placeOrder', 'a quantity of 0', 'quantity', quantity('0')],
  ['placeOrder', 'a quantity of -5', 'quantity', quantity('-5')],
  ['placeOrder', 'a quantity of 1.5', 'quantity', quantity('1.5')],
  ['placeOrder', 'a quantity of 2^31', 'quantity', quantity('2147483648')],
  ['placeOrder', 'a quantity over the limit', 'quantity', quantity('1000001')],
  ['placeOrder', 'a product id that is no id', 'productId', productId('"1"')],
  ['placeOrder', 'an empty product id', 'productId', productId('""')],
  ['placeOrder', 'SQL for a product id', 'productId', productId(`"' or '1'='1"`)],
  ['placeOrder', 'a null character in a product id', 'productId', productId('"<product>\\u0000"')],
  ['placeOrder', 'a user id that is no id', 'userId', { userId: '"me"' }],
  ['placeOrder', 'a surplus field', 'total', { total: '0.01' }],
  ['updateProfile', 'a null character', 'city', { city: NULL_CHARACTER }],
  ['updateProfile', 'an address of 501 characters', 'shippingAddress', { shippingAddress: long(501) }],
  ['updateProfile', 'a surplus field', 'email', { email: '"mine@example.com"' }],
];

/** The first code, and all that is said. @throws when it is not refused whole. */
function refusal({ body }: { body: string }): { code: string; says: string } {
  const { data, errors = [] } = JSON.parse(body) as Answer<Record<string, unknown>>;
  if (!errors[0] || Object.values(data ?? {}).some((value) => value !== null)) throw new Error(`Not refused: ${body}`);
  const says = errors.map(({ message, extensions }) => `${message} (${Object.keys(extensions.fields ?? {}).join()})`);
  return { code: errors[0].extensions.code, says: says.join('\n') };
}

const naming = (field: string) => expect.stringMatching(new RegExp(`\\b${field}\\b`));
const badUserInput = (field: string) => ({ code: 'BAD_USER_INPUT', says: naming(field) });

describe.each(CASES)('%s with %s', (operation, _what, field, different) => {
  const { type, right } = OPERATIONS[operation];
  const fields = Object.entries({ ...right, ...different }).filter(([, value]) => value !== undefined);
  const input = `{${fields.map(([key, value]) => `"${key}": ${value}`).join(', ')}}`;

  test('is refused in a variable', async () => {
    const query = `mutation ($input: ${type}) { ${operation}(input: $input) { __typename } }`;
    const body = `{ "query": ${JSON.stringify(query)}, "variables": { "input": ${filledIn(input)} } }`;
    expect(refusal(await caller.post(body))).toEqual(badUserInput(field));
  });

  test('is refused as it stands in the operation', async () => {
    const query = `mutation { ${operation}(input: ${literal(filledIn(input))}) { __typename } }`;
    expect(refusal(await caller.post(JSON.stringify({ query })))).toEqual({
      code: expect.stringMatching('^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$'),
      says: naming(field),
    });
  });
});

test.each(['product', 'user', 'order'])(
  '%s of an id that is none is refused, of one that nobody has is null',
  async (query) => {
    for (const id of ['1', '', "' or '1'='1", `${randomUUID()}\u0000`]) {
      const body = JSON.stringify({ query: `query ($id: ID!) { ${query}(id: $id) { id } }`, variables: { id } });
      expect(refusal(await caller.post(body))).toEqual(badUserInput('id'));
    }
    expect(await caller.data(`{ ${query}(id: "${randomUUID()}") { id } }`)).toEqual({ [query]: null });
  },
);

test.each([
  ['updateProduct', ', input: { stock: 1 }', 'PRODUCT_NOT_FOUND'],
  ['deleteProduct', '', 'PRODUCT_NOT_FOUND'],
  ['cancelOrder', '', 'ORDER_NOT_FOUND'],
])('%s of an id that is none, or that nobody has, is refused', async (mutation, rest, notFound) => {
  const bad = await caller.post(JSON.stringify({ query: `mutation { ${mutation}(id: "1"${rest}) { id } }` }));
  expect(refusal(bad)).toEqual(badUserInput('id'));
  expect(await caller.refusal(`mutation { ${mutation}(id: "${randomUUID()}"${rest}) { id } }`)).toBe(notFound);
});

test.each([
  ['a price of -1', 'price', '{ price: -1 }'],
  ['a price of 29.999', 'price', '{ stock: 3, price: 29.999 }'],
  ['a stock of -1', 'stock', '{ name: "x", stock: -1 }'],
  ['a null character', 'name', '{ name: "a\\u0000b" }'],
])('updateProduct with %s changes nothing', async (_what, field, input) => {
  const query = `mutation { updateProduct(id: "${product.id}", input: ${input}) { id } }`;
  expect(refusal(await caller.post(JSON.stringify({ query })))).toEqual(badUserInput(field));
});

test('an order for somebody else is refused', async () => {
  const query = `mutation { placeOrder(input: { userId: "${other.id}", items: [${literal(filledIn(LINE))}] }) { id } }`;
  expect(await caller.refusal(query)).toBe('FORBIDDEN');
});

test('an order of a product that does not exist is refused and says which', async () => {
  const productId = randomUUID();
  await expect(
    caller.placeOrder({ productId: product.id, quantity: 1 }, { productId, quantity: 1 }),
  ).rejects.toMatchObject({
    fault: { extensions: { code: 'PRODUCT_NOT_FOUND', productIds: [productId] } },
  });
});

test('an order of more than there is is refused and says what is left', async () => {
  const shortages = [{ productId: product.id, requested: 6, available: 5 }];
  await expect(caller.placeOrder({ productId: product.id, quantity: 6 })).rejects.toMatchObject({
    fault: { message: expect.stringContaining('5 left'), extensions: { code: 'INSUFFICIENT_STOCK', shortages } },
  });
});

test.each([
  ['JSON that is cut off', 400, 'BAD_REQUEST', '{ "query": "{ products { id } }"', {}],
  ['text for JSON', 400, 'BAD_REQUEST', 'hello', {}],
  ['an empty body', 400, 'BAD_REQUEST', '', {}],
  ['a body without an operation', 400, 'BAD_REQUEST', '{}', {}],
  ['a list of nothing', 400, 'BAD_REQUEST', '[]', {}],
  ['variables that are text', 400, 'BAD_REQUEST', '{ "query": "{ products { id } }", "variables": "none" }', {}],
  ['a form', 400, 'BAD_REQUEST', 'query={products{id}}', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['another type of body', 415, 'BAD_REQUEST', '<query/>', { 'content-type': 'application/xml' }],
  [
    'a body of a megabyte',
    413,
    'PAYLOAD_TOO_LARGE',
    JSON.stringify({ query: `{ products { id } } # ${'x'.repeat(1_000_000)}` }),
    {},
  ],
])('%s is refused by status %i', async (_what, status, code, body, headers) => {
  const answer = await caller.post(body, headers);
  expect(answer.status).toBe(status);
  expect(refusal(answer).code).toBe(code);
});

/** @see https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes */
test.each([
  ['an operation that is no GraphQL', 'GRAPHQL_PARSE_FAILED', '{ "query": "{ products { id }" }'],
  ['a field that does not exist', 'GRAPHQL_VALIDATION_FAILED', '{ "query": "{ products { cost } }" }'],
  [
    'an operation that is not there',
    'OPERATION_RESOLUTION_FAILURE',
    '{ "query": "query A { me { id } }", "operationName": "B" }',
  ],
  ['a variable that is missing', 'BAD_USER_INPUT', '{ "query": "query ($id: ID!) { product(id: $id) { id } }" }'],
])('%s is refused by status 400 to who takes the newer media type, else 200', async (_what, code, body) => {
  for (const [status, accept] of [
    [400, 'application/graphql-response+json'],
    [200, 'application/json'],
  ] as const) {
    const answer = await caller.post(body, { accept });
    expect(answer.status).toBe(status);
    expect(refusal(answer).code).toBe(code);
  }
});

test.each([
  ['ProfileInput!', 'updateProfile', 'city', '{ "city": "a\\ud800b" }'],
  ['ProductInput!', 'createProduct', 'name', '{ "name": "a\\ud800b", "price": 1, "description": "", "stock": 1 }'],
])('text that is no Unicode is refused (%s)', async (type, operation, field, input) => {
  const query = `mutation ($input: ${type}) { ${operation}(input: $input) { id } }`;
  const body = `{ "query": ${JSON.stringify(query)}, "variables": { "input": ${input} } }`;
  expect(refusal(await caller.post(body))).toEqual(badUserInput(field));
});

test('nothing of all this has been stored', async () => {
  expect(await stored()).toEqual(before);
});
