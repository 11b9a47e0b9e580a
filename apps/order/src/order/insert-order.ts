import { fromCents, orders, OrderStatus, type OrderDto, type ShippingDetails } from '@app/contracts';
import { outboxRow } from '@app/messaging';
import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Customer } from './customer.entity.js';
import type { KeyedOrder } from './idempotency.js';
import { countOrders } from './order-metrics.js';
import type { PricedLine } from './price-order.js';

/**
 * The busiest write of all, hence one statement: the order, its items, the event that tells of it and what was learnt of the
 * customer. The customer's row is locked and the newer of it and what was fetched is taken, so that a change of address
 * that comes at the same time either is seen here or finds the order afterwards.
 *
 * The idempotency key is claimed first: PostgreSQL makes another attempt with the key wait until this statement has committed or
 * failed. Where the key is taken already, nothing is written.
 */
const INSERT_ORDER = `
  with claimed as (
    insert into idempotency_keys (user_id, key, hash)
    select :userId::uuid, :idempotencyKey::text, :idempotencyHash where :idempotencyKey::text is not null
    on conflict do nothing returning key
  ), allowed as (
    select where :idempotencyKey::text is null or exists (select from claimed)
  ), known as (
    select shipping, version from allowed, customers where id = :userId and version >= :version for share of customers
  ), learnt as (
    insert into customers (id, shipping, version)
    select :userId::uuid, :shipping::jsonb, :version from allowed where not exists (select from known)
    on conflict (id) do update set
      shipping = case when customers.version < excluded.version then excluded.shipping else customers.shipping end,
      version = greatest(customers.version, excluded.version)
    returning shipping, version
  ), customer as (
    select * from known union all select * from learnt
  ), placed as (
    insert into orders
      (id, user_id, status, total_cents, shipping, shipping_version, version, created_at, updated_at,
       idempotency_key, idempotency_hash)
    select :orderId::uuid, :userId::uuid, :status, :totalCents, shipping, version, 1, :now::timestamptz, :now::timestamptz,
      :idempotencyKey, :idempotencyHash
    from customer
    on conflict (user_id, idempotency_key) where idempotency_key is not null do nothing
    returning shipping
  ), items as (
    insert into order_items (id, order_id, product_id, quantity, price_cents)
    select id, :orderId::uuid, "productId", quantity, "priceCents"
    from placed, jsonb_to_recordset(:items) as item (id uuid, "productId" uuid, quantity int, "priceCents" int)
  ), told as (
    insert into outbox (id, type, data, traceparent)
    select :eventId::uuid, :eventType, :eventData::jsonb, :traceparent from placed
  )
  select shipping from placed`;

/** The idempotency key has an outcome already. */
export class KeyTaken extends Error {}

/** @throws KeyTaken. */
export async function insertOrder(
  em: EntityManager,
  customer: Customer,
  { lines, totalCents }: { lines: PricedLine[]; totalCents: number },
  keyed?: KeyedOrder,
): Promise<OrderDto> {
  const now = new Date().toISOString();
  const orderId = v7();
  const items = lines.map((line) => ({ id: v7(), ...line }));
  const event = outboxRow(orders.events.placed, {
    orderId,
    userId: customer.id,
    version: 1,
    lines: lines.map(({ productId, quantity }) => ({ productId, quantity })),
  });
  const [placed] = await em.execute<{ shipping: ShippingDetails }[]>(INSERT_ORDER, {
    userId: customer.id,
    version: customer.version,
    shipping: JSON.stringify(customer.shipping),
    orderId,
    status: OrderStatus.PENDING,
    totalCents,
    now,
    items: JSON.stringify(items),
    eventId: event.id,
    eventType: event.type,
    eventData: event.data,
    traceparent: event.traceparent,
    idempotencyKey: keyed?.key ?? null,
    idempotencyHash: keyed?.hash ?? null,
  });
  if (!placed) throw new KeyTaken();
  countOrders(OrderStatus.PENDING);
  return {
    id: orderId,
    userId: customer.id,
    items: items.map(({ id, productId, quantity, priceCents }) => ({
      id,
      productId,
      quantity,
      price: fromCents(priceCents),
    })),
    total: fromCents(totalCents),
    status: OrderStatus.PENDING,
    cancelReason: null,
    ...placed.shipping,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}
