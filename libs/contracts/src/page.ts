import { applyDecorators, type Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min, ValidateBy } from 'class-validator';
import { bytesComplexity } from './complexity.js';
import { IsText } from './validation.js';

/** The number of rows in a page if the client does not choose it. */
export const DEFAULT_PAGE = 20;
/** The maximum number of rows in a page. Pages of very large rows have fewer, so that they fit into a message (`toPage`). */
export const MAX_PAGE = 100;
/** The maximum number of rows that a client gets of a list without pages. */
export const MAX_LIST = 1000;
/** The maximum length of a cursor: one with a name of 200 characters that JSON escapes as `\\u0001`. */
export const MAX_CURSOR = 2000;
/** The longest cursor of a list that is sorted by id. */
const MAX_ID_CURSOR = 60;

@ObjectType({ description: 'Page information of the Relay Cursor Connections specification.' })
export class PageInfo {
  @Field({ description: 'Whether there are rows after this page.' }) hasNextPage: boolean;
  @Field({ description: 'Whether there are rows before this page.' }) hasPreviousPage: boolean;
  @Field(() => String, {
    description: 'The cursor of the first row. Null if there are no rows.',
    nullable: true,
    complexity: bytesComplexity(MAX_CURSOR),
  })
  startCursor: string | null;
  @Field(() => String, {
    description: 'The cursor of the last row. Null if there are no rows.',
    nullable: true,
    complexity: bytesComplexity(MAX_CURSOR),
  })
  endCursor: string | null;
}

/** A page of a list. The total is a separate request, since counting costs more than reading a page. */
export interface Page<T> {
  edges: { cursor: string; node: T }[];
  pageInfo: PageInfo;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `The number of items from the start of the list, or after \`after\`: 0 to ${MAX_PAGE}. Default: ${DEFAULT_PAGE}.`,
  })
  @IsPageSize()
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'A cursor. The page begins after it.' })
  @IsCursor()
  after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `The number of items from the end of the list, or before \`before\`: 0 to ${MAX_PAGE}. Not together with \`first\`.`,
  })
  @IsPageSize()
  @ValidateBy({
    name: 'isWithoutFirst',
    validator: {
      validate: (last, args) => !isGiven(last) || !isGiven((args?.object as PageArgs | undefined)?.first),
      defaultMessage: () => 'last cannot be combined with first',
    },
  })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'A cursor. The page ends before it.' })
  @IsCursor()
  before?: string | null;
}

function IsPageSize() {
  return applyDecorators(IsOptional(), IsInt(), Min(0), Max(MAX_PAGE));
}

/** Some clients send an empty cursor for the first page. */
function IsCursor() {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (value === '' ? null : value)),
    IsOptional(),
    IsText(1, MAX_CURSOR),
  );
}

const isGiven = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;

/**
 * The GraphQL types of a list with pages: `@ObjectType() class UserConnection extends ConnectionOf(UserDto, 'User') {}`.
 * @see https://relay.dev/graphql/connections.htm
 */
export function ConnectionOf<T>(node: Type<T>, name: string, maxCursor = MAX_ID_CURSOR) {
  @ObjectType(`${name}Edge`, { description: 'A row of a page, and its position.' })
  class Edge {
    @Field({
      description: 'The position of the row, for `after` and `before`.',
      complexity: bytesComplexity(maxCursor),
    })
    cursor: string;
    @Field(() => node, { description: 'The row.' }) node: T;
  }

  @ObjectType({ isAbstract: true })
  abstract class Connection implements Page<T> {
    @Field(() => [Edge], { description: 'The rows of the page.' }) edges: Edge[];
    @Field(() => PageInfo, { description: 'Whether there are more rows, and the cursors for them.' })
    pageInfo: PageInfo;
  }
  return Connection;
}
