import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newCustomer, type Customer } from './client.js';
import { refusal } from './refusal.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let caller: Customer;
beforeAll(async () => {
  stack = await startStack();
  caller = await newCustomer(stack.url);
});
afterAll(() => stack?.stop());

test.each([
  ['JSON that is cut off', 400, 'BAD_REQUEST', '{ "query": "{ products { id } }"', {}],
  ['text that is not JSON', 400, 'BAD_REQUEST', 'hello', {}],
  ['an empty body', 400, 'BAD_REQUEST', '', {}],
  ['a body without an operation', 400, 'BAD_REQUEST', '{}', {}],
  ['an empty list', 400, 'BAD_REQUEST', '[]', {}],
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
])('%s is rejected with status %i', async (_what, status, code, body, headers) => {
  const answer = await caller.post(body, headers);
  expect(answer.status).toBe(status);
  expect(refusal(answer).code).toBe(code);
});

/** @see https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes */
test.each([
  ['a document that is not valid GraphQL', 'GRAPHQL_PARSE_FAILED', '{ "query": "{ products { id }" }'],
  ['a field that does not exist', 'GRAPHQL_VALIDATION_FAILED', '{ "query": "{ products { cost } }" }'],
  [
    'an unknown operation name',
    'OPERATION_RESOLUTION_FAILURE',
    '{ "query": "query A { me { id } }", "operationName": "B" }',
  ],
  ['a missing variable', 'BAD_USER_INPUT', '{ "query": "query ($id: ID!) { product(id: $id) { id } }" }'],
])('%s is rejected with status 400 for the newer media type, else 200', async (_what, code, body) => {
  for (const [status, accept] of [
    [400, 'application/graphql-response+json'],
    [200, 'application/json'],
  ] as const) {
    const answer = await caller.post(body, { accept });
    expect(answer.status).toBe(status);
    expect(refusal(answer).code).toBe(code);
  }
});
