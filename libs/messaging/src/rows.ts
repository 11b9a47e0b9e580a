/** The size of a portion. The rest of a message has room for one more row of any size. */
const PORTION_BYTES = 4 * 1024 * 1024;
/**
 * This many rows always fit. The largest row is an order of 150 KB: 100 items whose products have names of 200 control
 * characters, six bytes each in JSON.
 */
const ALWAYS_FIT = 25;

interface Row {
  id: string;
}

/** The first rows of a list that is too large for one message, and the ids of the remaining rows. */
interface Portion<T> {
  items: T[];
  rest: string[];
}

/** The reply to a list request: all rows, or as many as fit. */
export function portionOf<T extends Row>(rows: T[]): T[] | Portion<T> {
  const count = rows.length <= ALWAYS_FIT ? rows.length : countThatFit(rows, PORTION_BYTES);
  return count === rows.length ? rows : { items: rows.slice(0, count), rest: rows.slice(count).map(({ id }) => id) };
}

/** The number of rows, from the first, that have at most so many bytes as JSON. The first row always counts. */
export function countThatFit(rows: object[], bytes: number): number {
  // An upper bound, which avoids serialising nearly every list twice.
  if (rows.reduce<number>((sum, row) => sum + bytesAtMost(row), 0) <= bytes) return rows.length;
  let left = bytes;
  const tooMuch = rows.findIndex((row) => (left -= Buffer.byteLength(JSON.stringify(row))) < 0);
  return tooMuch === -1 ? rows.length : Math.max(tooMuch, 1);
}

/** The maximum size of plain data as JSON: a character takes at most six bytes. */
function bytesAtMost(value: unknown): number {
  if (typeof value === 'string') return 6 * value.length + 2;
  if (typeof value !== 'object' || value === null) return 25;
  return Object.entries(value).reduce((sum, [key, part]) => sum + key.length + 4 + bytesAtMost(part), 2);
}

/** Requests rows until a list is complete and returns them in its order. @param ask returns the rows with these ids, in any order. */
export async function allRows<T extends Row>(
  first: T[] | Portion<T>,
  ask: (ids: string[]) => Promise<T[] | Portion<T>>,
): Promise<T[]> {
  if (Array.isArray(first)) return first;
  const order = [...first.items.map(({ id }) => id), ...first.rest];
  const byId = new Map(first.items.map((row) => [row.id, row]));
  // The next rows are about as large. Requesting more would read rows that do not fit.
  const atOnce = 2 * first.items.length;
  let rest = first.rest;
  while (rest.length > 0) {
    const answer = await ask(rest.slice(0, atOnce));
    const { items, rest: cut } = Array.isArray(answer) ? { items: answer, rest: [] } : answer;
    for (const row of items) byId.set(row.id, row);
    rest = [...cut, ...rest.slice(atOnce)];
  }
  return order.flatMap((id) => byId.get(id) ?? []);
}
