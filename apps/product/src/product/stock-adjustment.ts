import { AppError, type ErrorData, type StockAdjustment } from '@app/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';

interface Outcome {
  /** An earlier call had this outcome. */
  isRepeated: boolean;
  refusal?: AppError;
}

/**
 * Adjusts the stock, unless an earlier call with the same idempotency key has an outcome: the change, or its refusal. Runs in the
 * transaction that changes the product. The primary key makes a concurrent call with the same key wait for its end.
 * @throws AppError IDEMPOTENCY_KEY_REUSED. A refusal is returned, so that the transaction commits it.
 */
export async function once(
  em: EntityManager,
  { caller: { userId }, productId, delta, idempotencyKey: key }: StockAdjustment,
  adjust: () => void,
): Promise<Outcome> {
  if (key && !(await claim())) return earlierOutcome();
  const refusal = refusalOf(adjust);
  if (key && refusal)
    await em.execute('update stock_adjustments set refusal = ? where user_id = ? and key = ?', [
      JSON.stringify(refusal),
      userId,
      key,
    ]);
  return { isRepeated: false, refusal };

  async function claim(): Promise<boolean> {
    const claimed = await em.execute<unknown[]>(
      `insert into stock_adjustments (user_id, key, product_id, delta) values (?, ?, ?, ?)
       on conflict do nothing returning key`,
      [userId, key, productId, delta],
    );
    return claimed.length === 1;
  }

  async function earlierOutcome(): Promise<Outcome> {
    const [earlier] = await em.execute<{ isSame: boolean; refusal: ErrorData | null }[]>(
      `select product_id = ? and delta = ? as "isSame", refusal from stock_adjustments where user_id = ? and key = ?`,
      [productId, delta, userId, key],
    );
    if (!earlier?.isSame)
      throw new AppError('IDEMPOTENCY_KEY_REUSED', 'The idempotency key was used for a different change of stock');
    return { isRepeated: true, ...(earlier.refusal && { refusal: AppError.from(earlier.refusal) }) };
  }
}

function refusalOf(adjust: () => void): AppError | undefined {
  try {
    adjust();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
