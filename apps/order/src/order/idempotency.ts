import { AppError, type OrderDto, type OrderItemInput } from '@app/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import { createHash } from 'node:crypto';
import { Order } from './order.entity.js';

/** The customer's own name for one order. It is kept with the order, and with what was ordered, for good. */
export interface IdempotencyKey {
  userId: string;
  key: string;
  /** Of who orders what; the order of the lines does not count. */
  hash: string;
}

export function idempotencyKey(userId: string, key: string, items: OrderItemInput[]): IdempotencyKey {
  const lines = items.map(({ productId, quantity }) => `${productId} ${quantity}`).sort();
  return {
    userId,
    key,
    hash: createHash('sha256')
      .update([userId, ...lines].join('\n'))
      .digest('base64url'),
  };
}

/**
 * Places an order unless its key has placed one; then that is the answer, as it is now.
 *
 * The key is looked up first, so that a call that is made again is answered although the order could not be placed any more:
 * the stock is gone, a neighbour does not answer. When it could not be placed, the key is looked up again: the same call
 * at the same time may have placed it, and taken the key or the stock.
 * @throws AppError IDEMPOTENCY_KEY_REUSED.
 */
export async function placeOnce(
  em: EntityManager,
  key: IdempotencyKey | undefined,
  place: () => Promise<OrderDto>,
): Promise<OrderDto> {
  if (!key) return place();
  const first = await placedWith(em, key);
  if (first) return first;
  try {
    return await place();
  } catch (error) {
    const meanwhile = await placedWith(em, key);
    if (meanwhile) return meanwhile;
    throw error;
  }
}

async function placedWith(em: EntityManager, { userId, key, hash }: IdempotencyKey): Promise<OrderDto | undefined> {
  const order = await em.findOne(Order, { userId, idempotencyKey: key }, { populate: ['items', 'idempotencyHash'] });
  if (order && order.idempotencyHash !== hash)
    throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This idempotency key has placed another order before');
  return order?.toDto();
}
