import { AppError } from '../errors.js';

/** A message about this many products names each of them. */
const MAX_NAMED = 3;

/** A product as people know it. Release 0.2 of the product service does not send names with its quotes. */
export const titleOf = ({ id, name }: { id: string; name?: string | null }) => (name ? `"${name}"` : `product ${id}`);

/** One message of several parts, such as one for each product. Bounded, because a name can have 200 characters. */
export const joined = (parts: string[]) =>
  [...parts.slice(0, MAX_NAMED), ...(parts.length > MAX_NAMED ? [`and ${parts.length - MAX_NAMED} more`] : [])].join(
    '; ',
  );

/** A product with fewer units in stock than requested. */
export interface Shortage {
  id: string;
  name?: string | null;
  requested: number;
  available: number;
}

/** INSUFFICIENT_STOCK with `shortages`. */
export function insufficientStock(shortages: Shortage[]): AppError {
  const partOf = ({ available, ...product }: Shortage) => {
    if (available === 0) return `${titleOf(product)} is sold out`;
    return `Only ${available} of ${titleOf(product)} ${available === 1 ? 'is' : 'are'} left`;
  };
  return new AppError('INSUFFICIENT_STOCK', joined(shortages.map(partOf)), {
    shortages: shortages.map(({ id, requested, available }) => ({ productId: id, requested, available })),
  });
}
