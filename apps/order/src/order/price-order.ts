import {
  AppError,
  fromCents,
  insufficientStock,
  joined,
  MAX_TOTAL,
  titleOf,
  toCents,
  type OrderInput,
  type OrderItemInput,
  type ProductQuote,
} from '@app/contracts';

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
 * @param quotes of all its products.
 * @throws AppError INSUFFICIENT_STOCK with `shortages`, BAD_USER_INPUT with `limit` and `actual` for a total above MAX_TOTAL, or
 * PRICE_CHANGED with `prices` and `total`.
 */
export function priceOrder(order: Pick<OrderInput, 'items' | 'expectedTotal'>, quotes: ProductQuote[]): PricedOrder {
  const quoteOf = new Map(quotes.map((quote) => [quote.id, quote]));
  const quoted = order.items.map((item) => ({ ...item, quote: quoteOf.get(item.productId)! }));

  const shortages = quoted
    .filter(({ quantity, quote }) => quantity > quote.stock)
    .map(({ quantity, quote: { id, name, stock } }) => ({ id, name, requested: quantity, available: stock }));
  if (shortages.length) throw insufficientStock(shortages);

  const lines = quoted.map(({ productId, quantity, quote }) => ({
    productId,
    quantity,
    priceCents: toCents(quote.price),
    productName: quote.name ?? null,
    sellerId: quote.sellerId ?? null,
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
  assertExpected(order, { lines, totalCents });
  return { lines, totalCents };
}

/** @throws AppError PRICE_CHANGED if the customer expected other amounts. */
function assertExpected(
  { items, expectedTotal }: { items: OrderItemInput[]; expectedTotal?: number | null },
  { lines, totalCents }: PricedOrder,
) {
  const prices = lines.flatMap(({ productId, productName: name, priceCents }, i) => {
    const change = changeOf(items[i]!.expectedPrice, priceCents);
    return change ? [{ productId, name, ...change }] : [];
  });
  const total = changeOf(expectedTotal, totalCents);
  if (prices.length === 0 && !total) return;

  const named = prices.map(
    ({ productId: id, name, ...change }) => `The price of ${titleOf({ id, name })} ${inWords(change)}`,
  );
  const message = [...(named.length ? [joined(named)] : []), ...(total ? [`The total ${inWords(total)}`] : [])].join(
    '; ',
  );
  throw new AppError('PRICE_CHANGED', message, {
    prices: prices.map(({ name: _name, ...change }) => change),
    ...(total && { total }),
  });
}

interface Change {
  expected: number;
  actual: number;
}

/** The amounts if they differ by a cent or more; undefined if they do not, or if nothing is expected. */
function changeOf(expected: number | null | undefined, actualCents: number): Change | undefined {
  if (expected === undefined || expected === null || toCents(expected) === actualCents) return undefined;
  return { expected, actual: fromCents(actualCents) };
}

const inWords = ({ expected, actual }: Change) => `is ${actual.toFixed(2)} now, not ${expected.toFixed(2)}`;
