import { OrderStatus, type OrderPlaced } from '@app/contracts';
import { v7 } from 'uuid';
import type { Customer } from './customer.entity.js';
import type { KeyedOrder } from './idempotency-key.entity.js';
import type { PricedOrder } from './price-order.js';

/** What every new order starts with. Plain data: an entity of the ORM costs as much CPU as storing it (`insert-order.ts`). */
export function newOrder(customer: Customer, { lines, totalCents }: PricedOrder, key?: KeyedOrder) {
  const createdAt = new Date();
  return {
    id: v7(),
    userId: customer.id,
    status: OrderStatus.PENDING,
    cancelReason: null,
    totalCents,
    shipping: customer.shipping,
    shippingVersion: customer.version,
    version: 1,
    createdAt,
    updatedAt: createdAt,
    idempotencyKey: key?.key ?? null,
    idempotencyHash: key?.hash ?? null,
    items: lines.map((line) => ({ id: v7(), ...line })),
  };
}

export type NewOrder = ReturnType<typeof newOrder>;

export const placedEvent = ({ id, userId, version, items }: NewOrder): OrderPlaced => ({
  orderId: id,
  userId,
  version,
  lines: items.map(({ productId, quantity }) => ({ productId, quantity })),
});
