import { createHash } from 'node:crypto';

/** A hostile request of a size from 1 to 10, and the expected error code. */
export interface Attack {
  name: string;
  code: string;
  body: (size: number) => string;
}

const times = (count: number, text: (i: number) => string, between = ' ') =>
  Array.from({ length: count }, (_, i) => text(i)).join(between);
const request = (query: string, rest: object = {}) => JSON.stringify({ query, ...rest });
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const persisted = (sha256Hash: string, version = 1) => ({ extensions: { persistedQuery: { version, sha256Hash } } });

const PLACE = 'mutation ($input: OrderInput!) { placeOrder(input: $input) { id } }';
const REGISTER = 'mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }';

/** At size 10, the largest requests are just below the limit of the body. */
export const ATTACKS: Attack[] = [
  {
    name: 'empty braces',
    code: 'GRAPHQL_PARSE_FAILED',
    body: (size) => request('{'.repeat(20_000 * size)),
  },
  {
    name: 'nested selections',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`${'{ me '.repeat(2_000 * size)}${'}'.repeat(2_000 * size)}`),
  },
  {
    name: 'selections of the maximum depth',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`${'{ me '.repeat(30 * size)}${'}'.repeat(30 * size)}`),
  },
  {
    name: 'a chain of fragments',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) =>
      request(
        `{ me { ...F0 } } ${times(20 * size, (i) => `fragment F${i} on User { profile { ...F${i + 1} } }`)} fragment F${20 * size} on User { id }`,
      ),
  },
  {
    name: 'fragments that spread others twice each',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) =>
      request(
        `{ users { ...F0 } } ${times(8 * size, (i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`)} fragment F${8 * size} on User { id name }`,
      ),
  },
  {
    name: 'one field repeated',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`{ products { ${'id '.repeat(8_000 * size)} } }`),
  },
  {
    // More repetitions than allowed; at size 10, as many as the parser accepts.
    name: 'fields to be merged',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`{ ${'products { id } '.repeat(11 + 23 * size)} nothing }`),
  },
  {
    name: 'fields to be merged, of fragments',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) =>
      request(
        `{ products { ${times(25 + 8 * size, (i) => `...F${i}`)} } } ${times(25 + 8 * size, (i) => `fragment F${i} on Product { id }`)}`,
      ),
  },
  {
    name: 'aliases',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`{ ${times(1_000 * size, (i) => `a${i}: products { id }`)} }`),
  },
  {
    name: 'aliases of introspection',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`{ ${times(32 * size, (i) => `a${i}: __typename`)} }`),
  },
  {
    name: 'directives',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`{ products ${'@skip(if: false) '.repeat(1_200 * size)} { id } }`),
  },
  {
    name: 'directives that do not exist',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`{ products ${times(40 * size, (i) => `@d${i}`)} { id } }`),
  },
  {
    name: 'fields that do not exist',
    code: 'GRAPHQL_VALIDATION_FAILED',
    body: (size) => request(`{ ${times(95 * size, (i) => `product${i}`)} }`),
  },
  {
    name: 'a long name',
    code: 'GRAPHQL_VALIDATION_FAILED',
    body: (size) => request(`{ ${'p'.repeat(20_000 * size)} }`),
  },
  {
    name: 'operations',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(times(800 * size, (i) => `query Q${i} { me { id } }`)),
  },
  {
    name: 'variable definitions',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`query (${times(1_200 * size, (i) => `$v${i}: ID`)}) { me { id } }`),
  },
  {
    name: 'nested lists',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => request(`{ product(id: ${'['.repeat(10_000 * size)}${']'.repeat(10_000 * size)}) { id } }`),
  },
  {
    name: 'nested objects',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) =>
      request(`mutation { placeOrder(input: ${'{ items: '.repeat(2_000 * size)}1${'}'.repeat(2_000 * size)}) { id } }`),
  },
  {
    name: 'literals of the wrong type',
    code: 'GRAPHQL_VALIDATION_FAILED',
    body: (size) => request(`mutation { placeOrder(input: { items: [${'1.5 '.repeat(95 * size)}] }) { id } }`),
  },
  {
    name: 'a long string',
    code: 'BAD_USER_INPUT',
    body: (size) => request(`{ productConnection(filter: { search: "${'x'.repeat(20_000 * size)}" }) { totalCount } }`),
  },
  {
    name: 'a long block string',
    code: 'BAD_USER_INPUT',
    body: (size) =>
      request(`{ productConnection(filter: { search: """${'\n  x'.repeat(4_000 * size)}""" }) { totalCount } }`),
  },
  {
    name: 'escapes',
    code: 'BAD_USER_INPUT',
    body: (size) =>
      request(
        `{ productConnection(filter: { search: "${String.raw`\u{1F642}`.repeat(1_800 * size)}" }) { totalCount } }`,
      ),
  },
  {
    name: 'a comment without an operation',
    code: 'GRAPHQL_PARSE_FAILED',
    body: (size) => request(`#${'x'.repeat(20_000 * size)}\n`),
  },
  {
    name: 'comments without an operation',
    code: 'GRAPHQL_PARSE_FAILED',
    body: (size) => request('#\n'.repeat(6_000 * size)),
  },
  {
    name: 'an order of too many lines',
    code: 'BAD_USER_INPUT',
    body: (size) =>
      request(PLACE, { variables: { input: { items: Array.from({ length: 1_500 * size }, () => ({})) } } }),
  },
  {
    name: 'numbers instead of order lines',
    code: 'BAD_USER_INPUT',
    body: (size) => request(PLACE, { variables: { input: { items: Array(12_000 * size).fill(1) } } }),
  },
  {
    name: 'unknown input fields',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) =>
      request(REGISTER, {
        variables: { input: Object.fromEntries(Array.from({ length: 1_400 * size }, (_, i) => [`field${i}`, i])) },
      }),
  },
  {
    name: 'a variable of nested lists',
    code: 'BAD_USER_INPUT',
    body: (size) =>
      `{ "query": ${JSON.stringify(PLACE)}, "variables": { "input": ${'['.repeat(12_000 * size)}${']'.repeat(12_000 * size)} } }`,
  },
  {
    name: 'nested JSON',
    code: 'BAD_REQUEST',
    body: (size) => `{ "query": ${'{ "query": '.repeat(1_500 * size)}1${'}'.repeat(1_500 * size)} }`,
  },
  {
    name: 'JSON with __proto__ keys',
    code: 'BAD_REQUEST',
    body: (size) =>
      `{ "query": "{ me { id } }", "variables": { ${times(700 * size, (i) => `"a${i}": {}`, ', ')}, "__proto__": { "admin": true } } }`,
  },
  {
    name: 'operations in a batch',
    code: 'BAD_REQUEST',
    body: (size) => `[${times(600 * size, () => request('{ products { id } }'), ', ')}]`,
  },
  {
    name: 'a persisted operation with a wrong hash',
    code: 'BAD_REQUEST',
    body: (size) => request(`{ products { id } } #${'x'.repeat(20_000 * size)}`, persisted(sha256('something else'))),
  },
  {
    name: 'an unknown persisted operation',
    code: 'PERSISTED_QUERY_NOT_FOUND',
    body: (size) => JSON.stringify(persisted('0'.repeat(20_000 * size))),
  },
  {
    name: 'a persisted operation of an unknown version',
    code: 'BAD_REQUEST',
    body: (size) => JSON.stringify(persisted('0'.repeat(64), 1 + size)),
  },
  {
    name: 'a persisted operation that is too complex',
    code: 'OPERATION_TOO_COMPLEX',
    body: (size) => {
      const query = `{ productConnection(first: ${10_000_000 * size}) { edges { node { id } } } }`;
      return request(query, persisted(sha256(query)));
    },
  },
];
