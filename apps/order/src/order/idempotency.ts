import { AppError, toCents, type ErrorCode, type ErrorData, type OrderDto, type OrderInput } from '@app/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import { createHash } from 'node:crypto';
import type { KeyedOrder } from './idempotency-key.entity.js';
import { KeyTaken } from './insert-order.js';
import { orderDto } from './order-dto.js';
import { Order } from './order.entity.js';

/** Errors that follow from the input and the current data. After any other error, a retry may still place the order. */
const FINAL: readonly ErrorCode[] = [
  'USER_NOT_FOUND',
  'PRODUCT_NOT_FOUND',
  'INSUFFICIENT_STOCK',
  'PRICE_CHANGED',
  'BAD_USER_INPUT',
];

export function keyedOrder(
  userId: string,
  key: string,
  { items, expectedTotal }: Pick<OrderInput, 'items' | 'expectedTotal'>,
): KeyedOrder {
  const lines = items
    .map(({ productId, quantity, expectedPrice }) => `${productId} ${quantity}${cents(' price', expectedPrice)}`)
    .sort();
  // Without expected amounts, the hash is the one of earlier releases.
  const input = [userId, ...lines].join('\n') + cents('\ntotal', expectedTotal);
  return { userId, key, hash: createHash('sha256').update(input).digest('base64url') };
}

const cents = (label: string, amount: number | null | undefined) =>
  amount === undefined || amount === null ? '' : `${label} ${toCents(amount)}`;

/**
 * Places an order with an idempotency key. A key has one outcome, an order or a final error: the outcome of the attempt that
 * commits first. Every attempt returns that outcome; an order is returned in its current state.
 *
 * Attempts may run concurrently, and the database may delay any of them. So an attempt writes its outcome together with the key
 * (`insert-order.ts`, `remember`) and returns it only after the commit. If the key is taken, it returns the outcome of the other
 * attempt. A known outcome is returned at once.
 * @throws AppError IDEMPOTENCY_KEY_REUSED.
 */
export async function placeOnce(
  em: EntityManager,
  keyed: KeyedOrder | undefined,
  place: () => Promise<OrderDto>,
): Promise<OrderDto> {
  if (!keyed) return place();
  const known = await outcomeOf(em, keyed);
  if (known) return known;
  try {
    return await place();
  } catch (error) {
    const isTaken = error instanceof KeyTaken || (isFinal(error) && !(await remember(em, keyed, error)));
    const outcome = isTaken ? await outcomeOf(em, keyed) : undefined;
    if (outcome) return outcome;
    throw error;
  }
}

const isFinal = (error: unknown): error is AppError => error instanceof AppError && FINAL.includes(error.code);

/**
 * Returns the order with the key, or undefined if the key has no outcome yet. One statement reads both, for a consistent snapshot.
 * @throws AppError the final error of the key, or IDEMPOTENCY_KEY_REUSED.
 */
async function outcomeOf(em: EntityManager, { userId, key, hash }: KeyedOrder): Promise<OrderDto | undefined> {
  const [known] = await em.execute<{ orderId: string | null; hash: string | null; refusal: ErrorData | null }[]>(
    `select o.id as "orderId", coalesce(o.idempotency_hash, k.hash) as hash, k.refusal
     from (select :userId::uuid as user_id, :key::text as key) asked
     left join orders o on o.user_id = asked.user_id and o.idempotency_key = asked.key
     left join idempotency_keys k on k.user_id = asked.user_id and k.key = asked.key`,
    { userId, key },
  );
  if (!known?.hash) return undefined;
  if (known.hash !== hash)
    throw new AppError('IDEMPOTENCY_KEY_REUSED', 'The idempotency key was used for a different order');
  if (known.orderId) return orderDto(await em.findOneOrFail(Order, { id: known.orderId }, { populate: ['items'] }));
  if (known.refusal) throw AppError.from(known.refusal);
  return undefined;
}

/** Stores a final error as the outcome of the key, after waiting for a concurrent attempt. @returns false if the key is taken. */
async function remember(em: EntityManager, { userId, key, hash }: KeyedOrder, refusal: AppError): Promise<boolean> {
  const remembered = await em.execute<unknown[]>(
    `insert into idempotency_keys (user_id, key, hash, refusal)
     select :userId::uuid, :key::text, :hash, :refusal::jsonb
     where not exists (select from orders where user_id = :userId::uuid and idempotency_key = :key::text)
     on conflict do nothing returning key`,
    { userId, key, hash, refusal: JSON.stringify(refusal) },
  );
  return remembered.length === 1;
}
