import { AppError, type Page, type PageArgs } from '@app/contracts';

type SortKey = readonly (string | number)[];

/** Makes a page of rows that were read in order. One row more than the page has room for shows that there is a next page. */
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

/** Opaque to clients. It holds the row's sort key, so that the next page starts there whatever was added in between. */
const cursorOf = (key: SortKey) => Buffer.from(JSON.stringify(key)).toString('base64url');

/**
 * Returns the sort key in the cursor `after`, or undefined for the first page.
 * @param isKey checks that the key fits this list and its order, since clients send cursors.
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
