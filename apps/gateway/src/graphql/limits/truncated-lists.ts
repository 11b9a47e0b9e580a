import type { ApolloServerPlugin } from '@apollo/server';
import { MAX_LIST } from '@app/contracts';
import type { GraphQLResolveInfo } from 'graphql';

/** A list without pages that has more rows than it returns. */
interface TruncatedList {
  readonly path: readonly [field: string | number];
  readonly limit: number;
  /** The query that reads all rows, in pages. */
  readonly connection: string;
}

/** By the context of an operation. */
const truncated = new WeakMap<object, TruncatedList[]>();

/**
 * Returns the first MAX_LIST rows of a list. If there are more, the answer says so in `extensions.truncated`.
 * @param operation GraphQL's context value.
 * @param rows at most MAX_LIST + 1.
 */
export function withinListLimit<T>(
  operation: object,
  { path: { key } }: GraphQLResolveInfo,
  { rows, connection }: { rows: T[]; connection: string },
): T[] {
  if (rows.length <= MAX_LIST) return rows;
  const lists = truncated.get(operation) ?? [];
  truncated.set(operation, [...lists, { path: [key], limit: MAX_LIST, connection }]);
  return rows.slice(0, MAX_LIST);
}

export const reportTruncation: ApolloServerPlugin<object> = {
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, response: { body } }) {
        const lists = truncated.get(contextValue);
        if (lists && body.kind === 'single' && body.singleResult.data)
          body.singleResult.extensions = { ...body.singleResult.extensions, truncated: lists };
      },
    };
  },
};
