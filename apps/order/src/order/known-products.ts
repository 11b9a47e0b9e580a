import {
  AppError,
  isId,
  joined,
  titleOf,
  type OrderItemInput,
  type ProductClient,
  type ProductQuote,
} from '@app/contracts';

/**
 * Checks that all products of an order can be ordered.
 * @throws AppError PRODUCT_NOT_FOUND with `productIds`. The message names the products that have been deleted, if the product
 * service can tell.
 */
export async function assertKnown(
  items: OrderItemInput[],
  quotes: ProductQuote[],
  products: ProductClient,
): Promise<void> {
  const quoted = new Set(quotes.map(({ id }) => id));
  const productIds = items.map(({ productId }) => productId).filter((id) => !quoted.has(id));
  if (productIds.length === 0) return;
  const deleted = await products.summaries({ ids: productIds.filter(isId) }).catch(() => []);
  const nameOf = new Map(deleted.map(({ id, name }) => [id, name]));
  const parts = productIds.map((id) =>
    nameOf.has(id) ? `${titleOf({ id, name: nameOf.get(id) })} is no longer sold` : `Product ${id} does not exist`,
  );
  throw new AppError('PRODUCT_NOT_FOUND', joined(parts), { productIds });
}
