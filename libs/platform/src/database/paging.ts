import { AppError, DEFAULT_PAGE, type Page, type PageArgs } from '@app/contracts';
import { countThatFit } from '@app/messaging';
import { isUUID } from 'class-validator';

/** The most that a page has as JSON, so that it fits into a message (8 MiB). */
const MAX_PAGE_BYTES = 7 * 1024 * 1024;

type SortKey = readonly (string | number)[];

/** The rows of one page in the order of its list. */
export interface PageRange<K extends SortKey> {
  /** One row more than the page has room for: it shows that there are more. */
  readonly limit: number;
  /** The page is at the end of the range. Read its rows in the reverse order. */
  readonly isBackward: boolean;
  readonly after: K | undefined;
  readonly before: K | undefined;
}

/**
 * Returns the rows that a page needs.
 * @param isKey checks that the key in a cursor fits this list and its order, since clients send cursors.
 * @throws AppError BAD_USER_INPUT.
 */
export function pageRange<K extends SortKey>(
  args: PageArgs,
  isKey: (key: readonly unknown[]) => key is K,
): PageRange<K> {
  return {
    limit: sizeOf(args) + 1,
    isBackward: isBackward(args),
    after: keyIn('after', args, isKey),
    before: keyIn('before', args, isKey),
  };
}

/** The query for a page of a list that is sorted by id, newest first. */
export function newestFirst(args: PageArgs) {
  const { limit, isBackward, after, before } = pageRange(args, isIdKey);
  return {
    where: after || before ? { id: { ...(after && { $lt: after[0] }), ...(before && { $gt: before[0] }) } } : {},
    options: { limit, orderBy: { id: isBackward ? 'asc' : 'desc' } },
  } as const;
}

/**
 * Makes a page of the rows of its range, in the order in which they were read. Rows that exceed MAX_PAGE_BYTES are left to the
 * next page.
 */
export function toPage<Row, T extends object>(
  rows: Row[],
  args: PageArgs,
  { keyOf, node }: { keyOf: (row: Row) => SortKey; node: (row: Row) => T },
): Page<T> {
  const nodes = rows.slice(0, sizeOf(args)).map(node);
  const fitting = nodes.slice(0, countThatFit(nodes, MAX_PAGE_BYTES));
  const shown = fitting.map((node, i) => ({ cursor: cursorOf(keyOf(rows[i]!)), node }));
  const hasMore = rows.length > shown.length;
  const edges = isBackward(args) ? shown.toReversed() : shown;
  return {
    edges,
    pageInfo: {
      hasNextPage: isBackward(args) ? isCursor(args.before) : hasMore,
      hasPreviousPage: isBackward(args) ? hasMore : isCursor(args.after),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

const sizeOf = ({ first, last }: PageArgs): number => first ?? last ?? DEFAULT_PAGE;

const isBackward = ({ last }: PageArgs): boolean => typeof last === 'number';

const isCursor = (cursor: string | null | undefined): boolean => typeof cursor === 'string';

const isIdKey = (key: readonly unknown[]): key is [id: string] => key.length === 1 && isUUID(key[0], 'all');

/** Opaque to clients. It holds the row's sort key, so that the next page starts there whatever was added in between. */
const cursorOf = (key: SortKey) => Buffer.from(JSON.stringify(key)).toString('base64url');

function keyIn<K extends SortKey>(
  name: 'after' | 'before',
  args: PageArgs,
  isKey: (key: readonly unknown[]) => key is K,
): K | undefined {
  const cursor = args[name];
  if (typeof cursor !== 'string') return undefined;
  const key = parsed(cursor);
  if (Array.isArray(key) && isKey(key)) return key;
  const message = `${name} must be a cursor of this list`;
  throw new AppError('BAD_USER_INPUT', message, { fields: { [name]: [message] } });
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
