import type { Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { bytesComplexity } from './complexity.js';
import { IsText } from './validation.js';

const DEFAULT_PAGE = 20;
/** The maximum number of rows in a page. 100 rows of the largest size (66 KB) fit into a message (8 MiB). */
export const MAX_PAGE = 100;
/** The maximum number of rows in a list without pages. */
export const MAX_LIST = 1000;
/** The maximum length of a cursor: one with a name of 200 characters that JSON escapes as `\\u0001`. */
export const MAX_CURSOR = 2000;
/** The longest cursor of a list that is sorted by id. */
const MAX_ID_CURSOR = 60;

@ObjectType({ description: 'Page information of the Relay Cursor Connections specification.' })
export class PageInfo {
  @Field() hasNextPage: boolean;
  @Field() hasPreviousPage: boolean;
  @Field(() => String, { nullable: true, complexity: bytesComplexity(MAX_CURSOR) }) startCursor: string | null;
  @Field(() => String, { nullable: true, complexity: bytesComplexity(MAX_CURSOR) }) endCursor: string | null;
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
    defaultValue: DEFAULT_PAGE,
    description: `The number of items: 1 to ${MAX_PAGE}.`,
  })
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
 * The GraphQL types of a list with pages: `@ObjectType() class UserConnection extends ConnectionOf(UserDto, 'User') {}`.
 * @see https://relay.dev/graphql/connections.htm
 */
export function ConnectionOf<T>(node: Type<T>, name: string, maxCursor = MAX_ID_CURSOR) {
  @ObjectType(`${name}Edge`)
  class Edge {
    @Field({ complexity: bytesComplexity(maxCursor) }) cursor: string;
    @Field(() => node) node: T;
  }

  @ObjectType({ isAbstract: true })
  abstract class Connection implements Page<T> {
    @Field(() => [Edge]) edges: Edge[];
    @Field(() => PageInfo) pageInfo: PageInfo;
  }
  return Connection;
}
