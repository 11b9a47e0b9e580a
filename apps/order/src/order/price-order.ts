import { AppError, fromCents, MAX_TOTAL, toCents, type OrderItemInput, type ProductQuote } from '@app/contracts';

export interface PricedLine {
  productId: string;
  quantity: number;
  priceCents: number;
  productName: string | null;
  sellerId: string | null;
}

export interface PricedOrder {
  lines: PricedLine[];
  totalCents: number;
}

/**
 * Prices the lines of an order at the current prices. Whether there is enough stock is checked for a fast answer only: the
 * product service decides it when it reserves the stock.
 * @throws AppError PRODUCT_NOT_FOUND with `productIds`, INSUFFICIENT_STOCK with `shortages`, or BAD_USER_INPUT with `limit` and
 * `actual` for a total above MAX_TOTAL.
 */
export function priceOrder(items: OrderItemInput[], quotes: ProductQuote[]): PricedOrder {
  const quoteOf = new Map(quotes.map((quote) => [quote.id, quote]));
  const quoted = items.map(({ productId, quantity }) => ({ productId, quantity, quote: quoteOf.get(productId) }));

  const productIds = quoted.filter(({ quote }) => !quote).map(({ productId }) => productId);
  if (productIds.length)
    throw new AppError('PRODUCT_NOT_FOUND', `Products not found: ${productIds.join(', ')}`, { productIds });

  const shortages = quoted
    .filter(({ quantity, quote }) => quantity > quote!.stock)
    .map(({ productId, quantity, quote }) => ({ productId, requested: quantity, available: quote!.stock }));
  if (shortages.length)
    throw new AppError(
      'INSUFFICIENT_STOCK',
      shortages
        .map(({ productId, available }) => `Only ${available} units of product ${productId} are in stock`)
        .join('; '),
      { shortages },
    );

  const lines = quoted.map(({ quote, ...line }) => ({
    ...line,
    priceCents: toCents(quote!.price),
    productName: quote!.name ?? null,
    sellerId: quote!.sellerId ?? null,
  }));
  // A sum above 2^53 may be rounded, but never to an allowed total.
  const totalCents = lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);
  if (totalCents > toCents(MAX_TOTAL)) {
    const message = `The total of an order must not be greater than ${MAX_TOTAL}`;
    throw new AppError('BAD_USER_INPUT', message, {
      fields: { items: [message] },
      limit: MAX_TOTAL,
      actual: fromCents(totalCents),
    });
  }

  return { lines, totalCents };
}
