import { randomUUID } from 'node:crypto';
import { AppError } from '@app/contracts';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { GraphQLError, parse } from 'graphql';
import { product, user } from '../../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { formatError } from './format-error.js';

describe('formatError', () => {
  // Internal errors are logged.
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['error', 'fatal']));

  const formatted = (error: GraphQLError) => formatError(error.toJSON(), error);
  const coded = (code: unknown) => ({ extensions: { code } });
  const [definition] = parse('query ($n: Int!) { a }').definitions;
  const variable = definition && 'variableDefinitions' in definition ? definition.variableDefinitions?.[0] : undefined;

  it.each([
    ['an unknown code', new GraphQLError('x', coded('ECONNREFUSED'))],
    ['a code that every object has as a property', new GraphQLError('x', coded('constructor'))],
    ['a code that is not a text', new GraphQLError('x', coded(42))],
    ['no code', new GraphQLError('x')],
    [
      "a driver's error",
      new GraphQLError('x', { path: ['a'], originalError: Object.assign(new Error('relation'), { code: '42P01' }) }),
    ],
    [
      'a code that is not in the table',
      new GraphQLError('x', { path: ['a'], originalError: Object.assign(new Error('y'), { code: 'toString' }) }),
    ],
    ['a value that is not an error', new GraphQLError('x', { path: ['a'], originalError: 'oops' as unknown as Error })],
  ])('hides %s behind INTERNAL_SERVER_ERROR', (_, error) => {
    expect(formatted(error)).toMatchObject({
      message: 'Something went wrong on our side',
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });

  it.each([
    ['GRAPHQL_VALIDATION_FAILED', new GraphQLError('x', coded('GRAPHQL_VALIDATION_FAILED'))],
    ['BAD_REQUEST', new GraphQLError('provided sha does not match query', { extensions: { http: { status: 400 } } })],
    ['BAD_USER_INPUT', new GraphQLError('x', { nodes: variable })],
    ['BAD_USER_INPUT', new GraphQLError('Too many errors processing variables, error limit reached.')],
    ['ORDER_NOT_FOUND', new GraphQLError('x', { path: ['a'], originalError: new AppError('ORDER_NOT_FOUND', 'x') })],
    [
      'OPERATION_TOO_COMPLEX',
      new GraphQLError('Syntax Error: Document contains more than 1000 tokens.', coded('GRAPHQL_PARSE_FAILED')),
    ],
  ])('returns %s for an error of the client', (code, error) => {
    expect(formatted(error).extensions?.code).toBe(code);
  });

  it("shortens the client's value in a message", () => {
    const { message } = formatted(
      new GraphQLError(
        `Variable "$input" got invalid value "${'x'.repeat(100_000)}"; too long`,
        coded('BAD_USER_INPUT'),
      ),
    );
    expect(message).toMatch(/^Variable "\$input" got invalid value "x+ … x+"; too long$/);
    expect(message.length).toBeLessThan(600);
  });
});

describe('an error of an operation', () => {
  let gateway: GatewayUnderTest;
  afterEach(() => gateway.close());

  const signedIn = (query: string, variables?: object) =>
    gateway.graphql(query, { token: gateway.signIn(randomUUID()), variables });
  const create = (price: string, stock: string) =>
    `mutation { createProduct(input: { name: "Lamp", description: "", price: ${price}, stock: ${stock} }) { id } }`;

  it('has the code and the details of the service', async () => {
    const shortages = [{ productId: randomUUID(), available: 1 }];
    gateway = await GatewayUnderTest.start({
      order: { cancel: () => Promise.reject(new AppError('INSUFFICIENT_STOCK', 'Too few are left', { shortages })) },
    });
    const { errors } = await signedIn(`mutation { cancelOrder(id: "${randomUUID()}") { id } }`);
    expect(errors).toEqual([
      {
        message: 'Too few are left',
        path: ['cancelOrder'],
        locations: [{ line: 1, column: 12 }],
        extensions: { code: 'INSUFFICIENT_STOCK', shortages, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
      },
    ]);
  });

  it('hides an internal error', async () => {
    gateway = await GatewayUnderTest.start({
      product: { list: () => Promise.reject(new Error('relation "products" does not exist')) },
      // A reply that violates the schema is an internal error too.
      user: { list: async () => [{ ...user(), name: null as unknown as string }] },
    });
    for (const query of ['{ products { id } }', '{ users { name } }']) {
      const { errors } = await signedIn(query);
      expect(errors).toHaveLength(1);
      expect(errors?.[0]?.message).toBe('Something went wrong on our side');
      expect(Object.keys(errors?.[0]?.extensions ?? {}).sort()).toEqual(['code', 'traceId']);
      expect(errors?.[0]?.extensions?.code).toBe('INTERNAL_SERVER_ERROR');
    }
  });

  it("has the client's trace id", async () => {
    gateway = await GatewayUnderTest.start({});
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      payload: { query: '{ me { id } }' },
    });
    expect(answer.json().errors[0].extensions.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it.each([
    ['price', 'price', create('-1', '1')],
    ['price', 'price', create('1e309', '1')],
    ['price', 'price', create('29.999', '1')],
    ['stock', 'stock', create('1', '-5')],
    ['items', 'items', 'mutation { placeOrder(input: { items: [] }) { id } }'],
    [
      'quantity of an item',
      'items.1.quantity',
      `mutation { placeOrder(input: { items: [
        { productId: "${randomUUID()}", quantity: 1 }, { productId: "${randomUUID()}", quantity: 0 }
      ] }) { id } }`,
    ],
    ['e-mail', 'email', 'mutation { registerUser(input: { name: "J", email: "j@", password: "12345678" }) { id } }'],
    [
      'password',
      'password',
      'mutation { registerUser(input: { name: "J", email: "j@x.org", password: "1234567" }) { id } }',
    ],
    [
      'null character',
      'name',
      String.raw`mutation { registerUser(input: { name: "J\u0000", email: "j@x.org", password: "12345678" }) { id } }`,
    ],
  ])('names the invalid field: %s', async (_, field, query) => {
    gateway = await GatewayUnderTest.start({});
    const { errors } = await signedIn(query);
    expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
    expect(Object.keys(errors?.[0]?.extensions?.fields as object)).toEqual([field]);
    expect(gateway.requests.filter((pattern) => pattern !== 'user.validateToken')).toEqual([]);
  });

  it('names the field of an invalid variable, with BAD_USER_INPUT', async () => {
    gateway = await GatewayUnderTest.start({});
    const { errors } = await signedIn('mutation ($input: ProductInput!) { createProduct(input: $input) { id } }', {
      input: { name: 'Lamp', description: '', price: 1, stock: 1.5, color: 'red' },
    });
    expect(errors?.map(({ extensions }) => extensions?.code)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
    expect(errors?.map(({ message }) => message).join()).toMatch(/"input\.stock".*"color"/);
  });

  it('has BAD_USER_INPUT for a variable that is null for a non-null argument', async () => {
    gateway = await GatewayUnderTest.start({});
    const { errors } = await signedIn('query ($id: ID = "x") { order(id: $id) { id } }', { id: null });
    expect(errors?.[0]).toMatchObject({
      message: 'Argument "id" of non-null type "ID!" must not be null.',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('has SERVICE_UNAVAILABLE only if the operation needs a service that is unavailable', async () => {
    gateway = await GatewayUnderTest.start({ product: { list: async () => [product({ name: 'Lamp' })] } });
    const token = gateway.signIn(randomUUID());
    await gateway.stop('order');
    const answer = await gateway.graphql('{ products { name } }', { token });
    expect(answer).toEqual({ data: { products: [{ name: 'Lamp' }] } });
    const { errors } = await gateway.graphql('{ orders { id } }', { token });
    expect(errors?.[0]?.extensions?.code).toBe('SERVICE_UNAVAILABLE');
  });
});
