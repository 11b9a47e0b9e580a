import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApolloServerErrorCode } from '@apollo/server/errors';
import { AppError, ERROR_CODES } from '@app/contracts';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema, GraphQLError, isEnumType, parse } from 'graphql';
import { formatError } from './format-error.js';
import { printedSchema } from '../../schema.js';

const root = join(import.meta.dirname, '../../../../..');

describe('the table of codes', () => {
  it('is what docs/errors.md says', () => {
    const rows = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)];
    expect(Object.fromEntries(rows.map(([, code, meaning]) => [code, meaning]))).toEqual(ERROR_CODES);
  });

  it('is in the schema', async () => {
    const type = buildSchema(await printedSchema()).getType('ErrorCode');
    const values = isEnumType(type) ? type.getValues() : [];
    expect(Object.fromEntries(values.map(({ name, description }) => [name, description]))).toEqual(ERROR_CODES);
  });

  it('has whatever Apollo answers', () => {
    const answered = Object.values(ApolloServerErrorCode).filter((code) => code !== 'PERSISTED_QUERY_NOT_SUPPORTED');
    expect(Object.keys(ERROR_CODES)).toEqual(expect.arrayContaining(answered));
  });
});

describe('what a caller sees of an error', () => {
  // They are ours, and logged.
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['error', 'fatal']));

  const seen = (error: GraphQLError) => formatError(error.toJSON(), error);
  const coded = (code: unknown) => ({ extensions: { code } });
  const [definition] = parse('query ($n: Int!) { a }').definitions;
  const variable = definition && 'variableDefinitions' in definition ? definition.variableDefinitions?.[0] : undefined;

  it.each([
    ['an unknown code', new GraphQLError('x', coded('ECONNREFUSED'))],
    ['a code that objects have by nature', new GraphQLError('x', coded('constructor'))],
    ['a code that is none', new GraphQLError('x', coded(42))],
    ['no code', new GraphQLError('x')],
    [
      'what a driver threw',
      new GraphQLError('x', { path: ['a'], originalError: Object.assign(new Error('relation'), { code: '42P01' }) }),
    ],
    [
      'what claims to be known',
      new GraphQLError('x', { path: ['a'], originalError: Object.assign(new Error('y'), { code: 'toString' }) }),
    ],
    ['what is no error', new GraphQLError('x', { path: ['a'], originalError: 'oops' as unknown as Error })],
  ])('of %s is that something is wrong on our side, and no more', (_, error) => {
    expect(seen(error)).toMatchObject({
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
  ])('is %s where it is theirs', (code, error) => {
    expect(seen(error).extensions?.code).toBe(code);
  });

  it('is what is said about what was sent, and little of that', () => {
    const { message } = seen(
      new GraphQLError(
        `Variable "$input" got invalid value "${'x'.repeat(100_000)}"; too long`,
        coded('BAD_USER_INPUT'),
      ),
    );
    expect(message).toMatch(/^Variable "\$input" got invalid value "x+ … x+"; too long$/);
    expect(message.length).toBeLessThan(600);
  });
});
