import { orders } from '@app/contracts';
import { insertIntoOutbox, outboxValues } from '@app/messaging';
import type { EntityManager } from '@mikro-orm/postgresql';
import { placedEvent, type NewOrder } from './new-order.js';
import { countOrders } from './order-metrics.js';

/**
 * Stores an order, its items, its event and the copy of its customer in one statement: this is the busiest write, and the ORM
 * takes about eight times the CPU for it. The customer's row is locked, and the order takes the newer of the stored and the
 * fetched address. So a concurrent change of the address is either seen here or finds the order afterwards.
 *
 * The idempotency key is claimed first: PostgreSQL makes another attempt with the key wait until this statement has committed or
 * failed. If the key has an outcome, nothing is written.
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
  ), copied as (
    insert into customers (id, shipping, version)
    select :userId::uuid, :shipping::jsonb, :version from allowed where not exists (select from known)
    on conflict (id) do update set
      shipping = case when customers.version < excluded.version then excluded.shipping else customers.shipping end,
      version = greatest(customers.version, excluded.version)
    returning shipping, version
  ), customer as (
    select * from known union all select * from copied
  ), placed as (
    insert into orders
      (id, user_id, status, total_cents, shipping, shipping_version, version, created_at, updated_at,
       idempotency_key, idempotency_hash)
    select :orderId::uuid, :userId::uuid, :status, :totalCents, shipping, version, :orderVersion,
      :createdAt::timestamptz, :createdAt::timestamptz, :idempotencyKey, :idempotencyHash
    from customer
    on conflict (user_id, idempotency_key) where idempotency_key is not null do nothing
    returning shipping, shipping_version
  ), items as (
    insert into order_items (id, order_id, product_id, quantity, unit_price_cents, product_name, seller_id)
    select id, :orderId::uuid, "productId", quantity, "priceCents", "productName", "sellerId"
    from placed, jsonb_to_recordset(:items) as item
      (id uuid, "productId" uuid, quantity int, "priceCents" bigint, "productName" text, "sellerId" uuid)
  ), published as (
    ${insertIntoOutbox('placed')}
  )
  select shipping, shipping_version as "shippingVersion" from placed`;

/** The idempotency key has an outcome already. */
export class KeyTaken extends Error {}

/** Stores a new order. @returns it with the newest address that is known of its customer. @throws KeyTaken. */
export async function insertOrder(em: EntityManager, order: NewOrder): Promise<NewOrder> {
  const [stored] = await em.execute<Pick<NewOrder, 'shipping' | 'shippingVersion'>[]>(INSERT_ORDER, {
    userId: order.userId,
    version: order.shippingVersion,
    shipping: JSON.stringify(order.shipping),
    orderId: order.id,
    orderVersion: order.version,
    status: order.status,
    totalCents: order.totalCents,
    createdAt: order.createdAt.toISOString(),
    idempotencyKey: order.idempotencyKey,
    idempotencyHash: order.idempotencyHash,
    items: JSON.stringify(order.items),
    ...outboxValues(orders.events.placed, placedEvent(order)),
  });
  if (!stored) throw new KeyTaken();
  countOrders(order.status);
  return { ...order, ...stored };
}
