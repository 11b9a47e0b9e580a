/** Leaves room in a message for one more row, whatever its size. */
const PORTION_BYTES = 4 * 1024 * 1024;
/** The largest row is a product of 66 KB: 10,000 control characters, six bytes each in JSON. */
const ALWAYS_FIT = 60;

interface Row {
  id: string;
}

/** The first rows of a list that is too large for one message, and the ids of the others. */
interface Portion<T> {
  items: T[];
  rest: string[];
}

/** What a service answers a list with: all rows, or as many as fit. */
export function portionOf<T extends Row>(rows: T[]): T[] | Portion<T> {
  const count = rows.length <= ALWAYS_FIT ? rows.length : countThatFit(rows);
  return count === rows.length ? rows : { items: rows.slice(0, count), rest: rows.slice(count).map(({ id }) => id) };
}

function countThatFit(rows: Row[]): number {
  // Spares nearly every list a second serialisation.
  if (rows.reduce((sum, row) => sum + bytesAtMost(row), 0) <= PORTION_BYTES) return rows.length;
  let left = PORTION_BYTES;
  const tooMuch = rows.findIndex((row) => (left -= Buffer.byteLength(JSON.stringify(row))) < 0);
  return tooMuch === -1 ? rows.length : Math.max(tooMuch, 1);
}

/** Of plain data as JSON: a character takes six bytes at most. */
function bytesAtMost(value: unknown): number {
  if (typeof value === 'string') return 6 * value.length + 2;
  if (typeof value !== 'object' || value === null) return 25;
  return Object.entries(value).reduce((sum, [key, part]) => sum + key.length + 4 + bytesAtMost(part), 2);
}

/** Asks on until a list is complete. @param ask answers the rows of these ids, in any order. @returns them in the list's order. */
export async function allRows<T extends Row>(
  first: T[] | Portion<T>,
  ask: (ids: string[]) => Promise<T[] | Portion<T>>,
): Promise<T[]> {
  if (Array.isArray(first)) return first;
  const order = [...first.items.map(({ id }) => id), ...first.rest];
  const byId = new Map(first.items.map((row) => [row.id, row]));
  // The next rows are about as large: what does not fit would be read from the database in vain.
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
