import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { newAdmin, newCustomers, type Customer, type Product } from './client.js';
import { refusal } from './refusal.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let caller: Customer;
let other: Customer;
let admin: Customer;
let product: Product;
let before: unknown;

beforeAll(async () => {
  stack = await startStack();
  [caller, other] = (await newCustomers(stack.url, 2)) as [Customer, Customer];
  admin = await newAdmin(stack);
  product = await caller.createProduct({ stock: 5 });
  before = await stored();
});

afterAll(() => stack?.stop());

const stored = () => Promise.all([caller.users(), caller.products(), caller.orders(), other.orders()]);

/** Replaces the placeholders of a case by ids, which exist only when the stack runs. */
const filledIn = (json: string) =>
  json
    .replaceAll('<product>', product.id)
    .replaceAll('<PRODUCT>', product.id.toUpperCase())
    .replaceAll('<nobody>', randomUUID());

/** JSON as a GraphQL literal: keys without quotes. */
const literal = (json: string) => json.replace(/"(\w+)":/g, '$1:');

const OPERATIONS = {
  registerUser: {
    type: 'RegisterInput!',
    valid: { name: '"Ann"', email: '"ann@example.com"', password: '"12345678"' },
  },
  loginUser: { type: 'LoginInput!', valid: { email: '"ann@example.com"', password: '"12345678"' } },
  createProduct: { type: 'ProductInput!', valid: { name: '"Cup"', price: '1', description: '""', stock: '1' } },
  placeOrder: { type: 'OrderInput!', valid: { items: '[{"productId": "<product>", "quantity": 1}]' } },
  updateProfile: { type: 'ProfileInput!', valid: {} },
};

const LINE = '{"productId": "<product>", "quantity": 1}';
const quantity = (value: string) => ({ items: `[{"productId": "<product>", "quantity": ${value}}]` });
const productId = (value: string) => ({ items: `[{"productId": ${value}, "quantity": 1}]` });
const long = (length: number) => JSON.stringify('x'.repeat(length));
const NULL_CHARACTER = '"a\\u0000b"';

/** Operation, what is wrong, the field that the error must name, and the JSON fields that differ from valid ones. */
const CASES: [keyof typeof OPERATIONS, string, string, Record<string, string | undefined>][] = [
  ['registerUser', 'no name', 'name', { name: undefined }],
  ['registerUser', 'a name that is null', 'name', { name: 'null' }],
  ['registerUser', 'a name that is a number', 'name', { name: '5' }],
  ['registerUser', 'an empty name', 'name', { name: '""' }],
  ['registerUser', 'a name of 101 characters', 'name', { name: long(101) }],
  ['registerUser', 'a null character in the name', 'name', { name: NULL_CHARACTER }],
  ['registerUser', 'a name of Hangul fillers', 'name', { name: '"\\u3164\\u115F"' }],
  ['registerUser', 'a name of zero-width characters', 'name', { name: '"\\u200B\\u00AD"' }],
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
  ['createProduct', 'a price over the limit', 'price', { price: '10000000000000.01' }],
  ['createProduct', 'a price that is text', 'price', { price: '"29.99"' }],
  ['createProduct', 'a stock of -1', 'stock', { stock: '-1' }],
  ['createProduct', 'a stock of 1.5', 'stock', { stock: '1.5' }],
  ['createProduct', 'a stock of 2^31', 'stock', { stock: '2147483648' }],
  ['createProduct', 'a stock over the limit', 'stock', { stock: '1000000001' }],
  ['createProduct', 'an empty name', 'name', { name: '""' }],
  ['createProduct', 'a name of blank braille', 'name', { name: '"\\u2800 \\u3000"' }],
  ['createProduct', 'a name with too many marks', 'name', { name: `"a${'\u0316'.repeat(31)}"` }],
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
    'the same product twice, in uppercase',
    'items',
    { items: `[${LINE}, ${LINE.replace('<product>', '<PRODUCT>')}]` },
  ],
  ['placeOrder', 'a quantity of 0', 'quantity', quantity('0')],
  ['placeOrder', 'a quantity of -5', 'quantity', quantity('-5')],
  ['placeOrder', 'a quantity of 1.5', 'quantity', quantity('1.5')],
  ['placeOrder', 'a quantity of 2^31', 'quantity', quantity('2147483648')],
  ['placeOrder', 'a quantity over the limit', 'quantity', quantity('1000001')],
  ['placeOrder', 'a null character in a product id', 'productId', productId('"<product>\\u0000"')],
  ['placeOrder', 'a surplus field', 'total', { total: '0.01' }],
  ['placeOrder', 'an expected total of -1', 'expectedTotal', { expectedTotal: '-1' }],
  ['placeOrder', 'an expected total of 1e309', 'expectedTotal', { expectedTotal: '1e309' }],
  ['placeOrder', 'an expected total that is text', 'expectedTotal', { expectedTotal: '"20"' }],
  ['placeOrder', 'an expected total over the limit', 'expectedTotal', { expectedTotal: '10000000000000.01' }],
  ['updateProfile', 'a null character', 'city', { city: NULL_CHARACTER }],
  ['updateProfile', 'a blank city', 'city', { city: '" \\u3000"' }],
  ['updateProfile', 'an invisible phone number', 'phoneNumber', { phoneNumber: '"\\u202E"' }],
  ['updateProfile', 'an address of 501 characters', 'shippingAddress', { shippingAddress: long(501) }],
  ['updateProfile', 'a surplus field', 'email', { email: '"mine@example.com"' }],
];

const naming = (field: string) => expect.stringMatching(new RegExp(`\\b${field}\\b`));
const badUserInput = (field: string) => ({ code: 'BAD_USER_INPUT', text: naming(field) });

describe.each(CASES)('%s with %s', (operation, _what, field, different) => {
  const { type, valid } = OPERATIONS[operation];
  const fields = Object.entries({ ...valid, ...different }).filter(([, value]) => value !== undefined);
  const input = `{${fields.map(([key, value]) => `"${key}": ${value}`).join(', ')}}`;

  test('is rejected in a variable', async () => {
    const query = `mutation ($input: ${type}) { ${operation}(input: $input) { __typename } }`;
    const body = `{ "query": ${JSON.stringify(query)}, "variables": { "input": ${filledIn(input)} } }`;
    expect(refusal(await caller.post(body))).toEqual(badUserInput(field));
  });

  test('is rejected as a literal', async () => {
    const query = `mutation { ${operation}(input: ${literal(filledIn(input))}) { __typename } }`;
    expect(refusal(await caller.post(JSON.stringify({ query })))).toEqual({
      code: expect.stringMatching('^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$'),
      text: naming(field),
    });
  });
});

test.each(['product', 'user', 'order'])('%s is null for an unknown id of any form', async (query) => {
  for (const id of ['1', '', "' or '1'='1", `${randomUUID()}\u0000`, randomUUID()]) {
    const read = `query ($id: ID!) { ${query}(id: $id) { id } }`;
    expect(await caller.data(read, { id })).toEqual({ [query]: null });
  }
});

test.each([
  ['updateProduct', ', input: { stock: 1 }', 'PRODUCT_NOT_FOUND'],
  ['deleteProduct', '', 'PRODUCT_NOT_FOUND'],
  ['cancelOrder', '', 'ORDER_NOT_FOUND'],
])('%s rejects an unknown id of any form', async (mutation, rest, notFound) => {
  for (const id of ['1', '', randomUUID()])
    expect(await caller.refusal(`mutation { ${mutation}(id: "${id}"${rest}) { id } }`)).toBe(notFound);
});

test('placeOrder rejects a product or a user whose id is unknown, of any form', async () => {
  const place = (input: string) => caller.refusal(`mutation { placeOrder(input: ${input}) { id } }`);
  for (const id of ['1', '', "' or '1'='1", randomUUID()])
    expect(await place(`{ items: [{ productId: "${id}", quantity: 1 }] }`)).toBe('PRODUCT_NOT_FOUND');
  const items = `items: [{ productId: "${product.id}", quantity: 1 }]`;
  for (const id of ['me', randomUUID()]) expect(await place(`{ userId: "${id}", ${items} }`)).toBe('FORBIDDEN');
});

test.each(['productConnection(filter: { sellerId: "%s" })', 'orderConnection(filter: { userId: "%s" })'])(
  '%s matches nothing if the id is unknown, of any form',
  async (connection) => {
    for (const id of ['me', '', randomUUID()]) {
      const page = await admin.data<object>(`{ ${connection.replace('%s', id)} { edges { cursor } totalCount } }`);
      expect(Object.values(page)).toEqual([{ edges: [], totalCount: 0 }]);
    }
  },
);

test.each([
  ['a price of -1', 'price', '{ price: -1 }'],
  ['a price of 29.999', 'price', '{ stock: 3, price: 29.999 }'],
  ['a stock of -1', 'stock', '{ name: "x", stock: -1 }'],
  ['a null character', 'name', '{ name: "a\\u0000b" }'],
])('updateProduct with %s changes nothing', async (_what, field, input) => {
  const query = `mutation { updateProduct(id: "${product.id}", input: ${input}) { id } }`;
  expect(refusal(await caller.post(JSON.stringify({ query })))).toEqual(badUserInput(field));
});

test.each(['0', '1.5', '1000000001', '-1000000001', '"1"'])('adjustStock by %s changes nothing', async (delta) => {
  const query = `mutation { adjustStock(productId: "${product.id}", delta: ${delta}) { id } }`;
  expect(refusal(await caller.post(JSON.stringify({ query })))).toEqual({
    code: expect.stringMatching('^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$'),
    text: naming('delta'),
  });
});

test('adjustStock of a product that does not exist is rejected, whatever the form of the id', async () => {
  for (const id of ['1', randomUUID()])
    expect(await caller.refusal(`mutation { adjustStock(productId: "${id}", delta: 1) { id } }`)).toBe(
      'PRODUCT_NOT_FOUND',
    );
});

test('an order for another user is rejected', async () => {
  const query = `mutation { placeOrder(input: { userId: "${other.id}", items: [${literal(filledIn(LINE))}] }) { id } }`;
  expect(await caller.refusal(query)).toBe('FORBIDDEN');
});

test('an order of an unknown product is rejected, and the error names the product', async () => {
  const productId = randomUUID();
  await expect(
    caller.placeOrder({ productId: product.id, quantity: 1 }, { productId, quantity: 1 }),
  ).rejects.toMatchObject({
    code: 'PRODUCT_NOT_FOUND',
    details: { productIds: [productId] },
  });
});

test('an order above the stock is rejected, and the error states the remaining stock', async () => {
  const shortages = [{ productId: product.id, requested: 6, available: 5 }];
  await expect(caller.placeOrder({ productId: product.id, quantity: 6 })).rejects.toMatchObject({
    code: 'INSUFFICIENT_STOCK',
    message: expect.stringContaining('Only 5 of "'),
    details: { shortages },
  });
});

test.each([
  ['ProfileInput!', 'updateProfile', 'city', '{ "city": "a\\ud800b" }'],
  ['ProductInput!', 'createProduct', 'name', '{ "name": "a\\ud800b", "price": 1, "description": "", "stock": 1 }'],
])('text that is not Unicode is rejected (%s)', async (type, operation, field, input) => {
  const query = `mutation ($input: ${type}) { ${operation}(input: $input) { id } }`;
  const body = `{ "query": ${JSON.stringify(query)}, "variables": { "input": ${input} } }`;
  expect(refusal(await caller.post(body))).toEqual(badUserInput(field));
});

test('none of these requests has changed any data', async () => {
  expect(await stored()).toEqual(before);
});
