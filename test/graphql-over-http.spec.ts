import { createHash, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client as UrqlClient, fetchExchange } from '@urql/core';
import { serverAudits } from 'graphql-http';
import { newCustomer, type Answer, type Customer } from './client.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let caller: Customer;

beforeAll(async () => {
  stack = await startStack();
  caller = await newCustomer(stack.url);
});

afterAll(() => stack?.stop());

/** CSRF protection requires this header for requests that a browser could send. The audits do not send it. */
const NO_BROWSER = { 'apollo-require-preflight': 'true' };

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({
    url: () => `${stack.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...NO_BROWSER, ...init.headers } }),
  });

  test.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id: $name', async ({ fn }) => {
    const result = await fn();
    expect(result).toMatchObject({ status: 'ok' });
  });
});

const get = async (parameters: Record<string, string>, headers: Record<string, string> = NO_BROWSER) => {
  const response = await fetch(`${stack.url}/graphql?${new URLSearchParams(parameters)}`, { headers });
  return {
    status: response.status,
    headers: response.headers,
    ...((await response.json()) as Answer<Record<string, unknown>>),
  };
};

const codeOf = ({ errors }: Answer<unknown>) => errors?.[0]?.extensions.code;

describe('GET', () => {
  test('answers queries', async () => {
    const { id } = await caller.createProduct({ name: 'Pot' });
    const query = 'query ($id: ID!) { product(id: $id) { name } }';
    expect(await get({ query, variables: JSON.stringify({ id }) })).toMatchObject({
      status: 200,
      data: { product: { name: 'Pot' } },
    });
  });

  test('executes no mutations', async () => {
    const query = 'mutation { updateProfile(input: { city: "Pune" }) { id } }';
    const answer = await get({ query }, { ...NO_BROWSER, authorization: `Bearer ${caller.token}` });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    expect(codeOf(answer)).toBe('BAD_REQUEST');
    expect((await caller.user(caller.id))?.profile?.city).toBe('');
  });

  test('is rejected in the form that a page of another site can send', async () => {
    const answer = await get({ query: '{ products { id } }' }, { origin: 'https://evil.example' });
    expect(answer).toMatchObject({ status: 403, errors: [{ extensions: { code: 'ORIGIN_NOT_ALLOWED' } }] });
  });

  test('is what urql sends by default, and is answered', async () => {
    const methods: string[] = [];
    const urql = new UrqlClient({
      url: `${stack.url}/graphql`,
      exchanges: [fetchExchange],
      fetch: (input, init) => {
        methods.push(init!.method!);
        return fetch(input, init);
      },
      fetchOptions: () => ({ headers: { authorization: `Bearer ${caller.token}` } }),
    });
    const { data, error } = await urql.query('{ me { id } }', {});
    expect(error).toBeUndefined();
    expect(data).toEqual({ me: { id: caller.id } });
    expect(methods).toEqual(['GET']);
  });

  test('takes an empty name of an operation as none', async () => {
    const answer = await get({ query: 'query A { __typename }', operationName: '' });
    expect(answer).toMatchObject({ data: { __typename: 'Query' } });
  });
});

describe('POST', () => {
  test.each(['', null])('takes the name %j of an operation as none', async (operationName) => {
    const { body } = await caller.post(JSON.stringify({ query: 'query A { me { id } }', operationName }));
    expect(JSON.parse(body)).toMatchObject({ data: { me: { id: caller.id } } });
  });

  test('still needs a name if the document has several operations', async () => {
    const { body } = await caller.post(
      JSON.stringify({ query: 'query A { me { id } } query B { me { name } }', operationName: '' }),
    );
    expect(codeOf(JSON.parse(body))).toBe('OPERATION_RESOLUTION_FAILURE');
  });

  test('accepts no encoded body', async () => {
    const response = await fetch(`${stack.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync('{ "query": "{ __typename }" }'),
    });
    expect(response.status).toBe(415);
    expect(response.headers.get('accept-encoding')).toBe('identity');
    expect(codeOf((await response.json()) as Answer<unknown>)).toBe('BAD_REQUEST');
  });
});

describe('a persisted operation', () => {
  const hashed = (query: string) => {
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    return { persistedQuery: { version: 1, sha256Hash } };
  };
  const post = async (body: object) => JSON.parse((await caller.post(JSON.stringify(body))).body) as Answer<unknown>;

  test('is sent in full once, then only by its hash, also by GET', async () => {
    const query = `query A${randomUUID().replaceAll('-', '')} { me { id } }`;
    const extensions = hashed(query);
    const me = { data: { me: { id: caller.id } } };
    expect(codeOf(await post({ extensions }))).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(await post({ query, extensions })).toMatchObject(me);
    expect(await post({ extensions })).toMatchObject(me);
    const headers = { ...NO_BROWSER, authorization: `Bearer ${caller.token}` };
    expect(await get({ extensions: JSON.stringify(extensions) }, headers)).toMatchObject(me);
  });

  test('is not stored if it is rejected or its hash is wrong', async () => {
    for (const query of ['{ nothing }', '{ productConnection(first: 1000000) { edges { node { id } } } }']) {
      expect(codeOf(await post({ query, extensions: hashed(query) }))).toBeDefined();
      expect(codeOf(await post({ extensions: hashed(query) }))).toBe('PERSISTED_QUERY_NOT_FOUND');
    }
    expect(codeOf(await post({ query: '{ me { id } }', extensions: hashed('{ me { email } }') }))).toBe('BAD_REQUEST');
  });
});
