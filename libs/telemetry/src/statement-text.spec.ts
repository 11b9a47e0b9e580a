import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { withoutValues } from './statement-text.js';

describe('the text of a statement in a trace', () => {
  it.each([
    [`select "u0".* from "users" as "u0" where "u0"."email" = 'a@example.com' limit 1`],
    [`select "u0".* from "users" as "u0" where "u0"."email" = 'it''s; a "b" -- @example.com' limit 20`],
    [`select "u0".* from "users" as "u0" where "u0"."email" = E'a\\\\''@example.com' limit -1.5e10`],
    [`select "u0".* /* don't */ from "users" as "u0" -- it's\n where "u0"."email" = $$a@example.com$$ limit $x$1$x$`],
  ])('contains no values: %s', (statement) => {
    expect(withoutValues(statement)).toBe('select "u0".* from "users" as "u0" where "u0"."email" = ? limit ?');
  });

  it('keeps names, parameters and casts', () => {
    const statement = `update p2 set a_1 = $1, stock = stock + -3 where id = any('{1,2}'::uuid[]) and "a 1" = true`;
    expect(withoutValues(statement)).toBe(
      `update p2 set a_1 = $1, stock = stock + ? where id = any(?::uuid[]) and "a 1" = true`,
    );
  });

  it('contains nothing of a value, whatever the value contains', () => {
    const pieces = [`'`, `''`, `\\`, `\\'`, `"`, `--`, `/*`, `*/`, `$$`, `$1`, `\n`, `e'`, 'SECRET'];
    for (let n = 0; n < 3_000; n++) {
      const value = Array.from({ length: 6 }, (_, i) => pieces[(n * 7 ** i + i * n) % pieces.length]).join('');
      const statement = `insert into t (a, b) values (${pg.escapeLiteral(value)}, ${pg.escapeLiteral('SECRET')}) returning id`;
      expect(withoutValues(statement)).toMatch(/^insert into t \(a, b\) values \(\??\s?\?, \?\) returning id$/);
    }
  });

  it('is cut, also within a long value', () => {
    const long = `insert into t values ('${'SECRET '.repeat(10_000)}'), ${'(1), '.repeat(1_000)}`;
    expect(withoutValues(long)).toBe('insert into t values (?');
    expect(withoutValues(`insert into t values ${'(1), '.repeat(100_000)}`)).toHaveLength(1_000);
  });
});
