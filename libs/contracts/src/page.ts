import type { Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { AppError } from './errors.js';
import { IsText } from './validation.js';

const DEFAULT_PAGE = 20;
/** The most rows of one page. As many of the largest rows (66 KB each) are below 8 MiB, the bound of a message. */
export const MAX_PAGE = 100;
/** The most rows of a list that has no pages. */
export const MAX_LIST = 1000;
/** The longest cursor: of a name of 200 characters that JSON writes as `\\u0001`. */
export const MAX_CURSOR = 2000;

@ObjectType({ description: 'Relay Cursor Connections.' })
export class PageInfo {
  @Field() hasNextPage: boolean;
  @Field() hasPreviousPage: boolean;
  @Field(() => String, { nullable: true }) startCursor: string | null;
  @Field(() => String, { nullable: true }) endCursor: string | null;
}

/** A page as a service answers it; the total is a question of its own, since counting costs more than a page does. */
export interface Page<T> {
  edges: { cursor: string; node: T }[];
  pageInfo: PageInfo;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, defaultValue: DEFAULT_PAGE, description: `1 to ${MAX_PAGE}.` })
  @Transform(({ value }: { value: unknown }) => value ?? DEFAULT_PAGE)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE)
  first: number = DEFAULT_PAGE;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @IsText(1, MAX_CURSOR)
  after?: string | null;
}

/**
 * The GraphQL types of a list with pages: `class UserConnection extends ConnectionOf(UserDto, 'User') {}`, decorated as an
 * object type.
 * @see https://relay.dev/graphql/connections.htm
 */
export function ConnectionOf<T>(node: Type<T>, name: string) {
  @ObjectType(`${name}Edge`)
  class Edge {
    @Field() cursor: string;
    @Field(() => node) node: T;
  }

  @ObjectType({ isAbstract: true })
  abstract class Connection implements Page<T> {
    @Field(() => [Edge]) edges: Edge[];
    @Field(() => PageInfo) pageInfo: PageInfo;
  }
  return Connection;
}

type SortKey = readonly (string | number)[];

/** Makes a page of what was read in order: up to one row more than asked for, which tells whether there is a next page. */
export function toPage<Row, T>(
  rows: Row[],
  { first, after }: PageArgs,
  { keyOf, node }: { keyOf: (row: Row) => SortKey; node: (row: Row) => T },
): Page<T> {
  const edges = rows.slice(0, first).map((row) => ({ cursor: cursorOf(keyOf(row)), node: node(row) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: typeof after === 'string',
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** Opaque to callers; inside, what the row is sorted by, so that the next page begins there whatever was added meanwhile. */
const cursorOf = (key: SortKey) => Buffer.from(JSON.stringify(key)).toString('base64url');

/**
 * What `after` stands for, or undefined at the beginning.
 * @param isKey whether it is a key of this list in this order: cursors come from callers.
 * @throws AppError BAD_USER_INPUT.
 */
export function keyAfter<K extends SortKey>(
  { after }: PageArgs,
  isKey: (key: readonly unknown[]) => key is K,
): K | undefined {
  if (after === undefined || after === null) return undefined;
  const key = parsed(after);
  if (Array.isArray(key) && isKey(key)) return key;
  const message = 'after must be a cursor of this list';
  throw new AppError('BAD_USER_INPUT', message, { fields: { after: [message] } });
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
