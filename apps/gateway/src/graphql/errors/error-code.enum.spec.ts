import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApolloServerErrorCode } from '@apollo/server/errors';
import { ERROR_CODES } from '@app/contracts';
import { describe, expect, it } from '@jest/globals';
import { isEnumType } from 'graphql';
import { apiSchema } from '../../schema.js';

const root = join(import.meta.dirname, '../../../../..');

describe('the table of error codes', () => {
  it('equals the one in docs/errors.md', () => {
    const rows = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)];
    expect(Object.fromEntries(rows.map(([, code, meaning]) => [code, meaning]))).toEqual(ERROR_CODES);
  });

  it('is in the schema', async () => {
    const type = (await apiSchema()).getType('ErrorCode');
    const values = isEnumType(type) ? type.getValues() : [];
    expect(Object.fromEntries(values.map(({ name, description }) => [name, description]))).toEqual(ERROR_CODES);
  });

  it('has every code of Apollo', () => {
    const answered = Object.values(ApolloServerErrorCode).filter((code) => code !== 'PERSISTED_QUERY_NOT_SUPPORTED');
    expect(Object.keys(ERROR_CODES)).toEqual(expect.arrayContaining(answered));
  });
});
