import {
  MAX_TOTAL,
  ProductSort,
  toCents,
  type Page,
  type ProductDto,
  type ProductFilter,
  type ProductPageArgs,
} from '@app/contracts';
import { pageRange, toPage } from '@app/platform';
import { raw, type EntityManager, type FilterQuery, type QBFilterQuery } from '@mikro-orm/postgresql';
import { isInt, isString, isUUID, max, min } from 'class-validator';
import { Product } from './product.entity.js';
import { productOf, type ProductRow, selectProducts } from './product-row.js';
import { websearchText } from './search.js';

type Key = keyof typeof KEYS;

/** The sort keys: the column, and a check of a cursor's value for it. */
const KEYS = {
  id: { column: 'id', holds: (value: unknown) => isUUID(value, 'all') },
  priceCents: {
    column: 'unit_price_cents',
    holds: (value: unknown) => isInt(value) && min(value, 0) && max(value, toCents(MAX_TOTAL)),
  },
  nameKey: { column: 'name_key', holds: (value: unknown) => isString(value) && !value.includes('\0') },
};

/** The id comes last and makes each key unique. */
const SORTS: Record<ProductSort, { keys: Key[]; direction: 'asc' | 'desc' }> = {
  NEWEST: { keys: ['id'], direction: 'desc' },
  PRICE_ASC: { keys: ['priceCents', 'id'], direction: 'asc' },
  PRICE_DESC: { keys: ['priceCents', 'id'], direction: 'desc' },
  NAME: { keys: ['nameKey', 'id'], direction: 'asc' },
};

const REVERSE = { asc: 'desc', desc: 'asc' } as const;

type Cursor = [ProductSort, ...(string | number)[]];

/** One page: a range of an index that begins after the cursor. Its cost does not depend on the position of the page. */
export async function listProducts(em: EntityManager, args: ProductPageArgs): Promise<Page<ProductDto>> {
  const { sort, filter } = args;
  const { keys, direction } = SORTS[sort];
  const isCursor = (cursor: readonly unknown[]): cursor is Cursor =>
    cursor.length === keys.length + 1 && cursor[0] === sort && keys.every((key, i) => KEYS[key].holds(cursor[i + 1]));

  const { limit, isBackward, after, before } = pageRange(args, isCursor);
  const columns = keys.map((key) => KEYS[key].column).join(', ');
  const placeholders = keys.map(() => '?').join(', ');
  const beyond = (comparison: '<' | '>', [, ...values]: Cursor) =>
    satisfying(`(${columns}) ${comparison} (${placeholders})`, values);
  const [later, earlier] = direction === 'asc' ? (['>', '<'] as const) : (['<', '>'] as const);

  const conditions = matching(filter ?? {});
  if (after) conditions.push(beyond(later, after));
  if (before) conditions.push(beyond(earlier, before));
  const readDirection = isBackward ? REVERSE[direction] : direction;
  const rows = await selectProducts(em)
    .where({ $and: conditions } as QBFilterQuery<Product>)
    .orderBy(keys.map((key) => ({ [key]: readDirection })))
    .limit(limit)
    .execute<ProductRow[]>('all');
  return toPage(rows, args, {
    keyOf: (row): Cursor => [sort, ...keys.map((key) => (key === 'priceCents' ? Number(row.priceCents) : row[key]))],
    node: productOf,
  });
}

export const countProducts = (em: EntityManager, filter: ProductFilter): Promise<number> =>
  em.count(Product, { $and: matching(filter) });

function matching({ search, minPrice, maxPrice, inStock, sellerId }: ProductFilter): FilterQuery<Product>[] {
  const conditions: FilterQuery<Product>[] = [{ deletedAt: null }];
  if (isGiven(search)) conditions.push(containing(search));
  if (isGiven(minPrice)) conditions.push({ priceCents: { $gte: toCents(minPrice) } });
  if (isGiven(maxPrice)) conditions.push({ priceCents: { $lte: toCents(maxPrice) } });
  if (isGiven(inStock)) conditions.push({ inStock });
  if (isGiven(sellerId)) conditions.push({ sellerId });
  return conditions;
}

const isGiven = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;

/**
 * A search without a word matches everything. PostgreSQL knows the text when it plans the query, so it keeps only one side of the
 * SQL `or`.
 */
function containing(search: string): FilterQuery<Product> {
  const text = websearchText(search);
  return satisfying('(numnode(search_query(?)) = 0 or terms @@ search_query(?))', [text, text]);
}

const satisfying = (condition: string, values: unknown[]): FilterQuery<Product> => ({ [raw(condition, values)]: [] });
