import { CancelReason, type OrderLine } from '@app/contracts';

export interface ProductUnderLock {
  id: string;
  stock: number;
  /** False once it has been deleted. */
  available: boolean;
}

/** Why the lines of an order cannot be reserved; undefined if all of them can. */
export function rejectionReason(
  lines: OrderLine[],
  products: ProductUnderLock[],
): CancelReason.PRODUCT_UNAVAILABLE | CancelReason.OUT_OF_STOCK | undefined {
  const stockOf = new Map(products.filter(({ available }) => available).map(({ id, stock }) => [id, stock]));
  if (lines.some(({ productId }) => !stockOf.has(productId))) return CancelReason.PRODUCT_UNAVAILABLE;
  if (lines.some(({ productId, quantity }) => stockOf.get(productId)! < quantity)) return CancelReason.OUT_OF_STOCK;
  return undefined;
}
