import type { Event, OrderEvent } from '@app/contracts';
import { insertIntoOutbox, outboxValues } from '@app/messaging';
import type { EntityManager } from '@mikro-orm/postgresql';

const ORDER_EVENT = `jsonb_build_object('orderId', id, 'userId', user_id, 'version', version)`;

/**
 * Changes the orders that match `where` and publishes an event for each, in one statement.
 * @returns the number of orders changed.
 */
export async function changeOrders(
  em: EntityManager,
  event: Event<OrderEvent>,
  { set, where }: { set: string; where: string },
  values: Record<string, unknown>,
): Promise<number> {
  const [{ count }] = await em.execute<[{ count: number }]>(
    `with changed as (
       update orders set ${set}, version = version + 1, updated_at = now() where ${where} returning id, user_id, version
     ), published as (
       ${insertIntoOutbox('changed', ORDER_EVENT)}
     )
     select count(*)::int as count from changed`,
    { ...values, ...outboxValues(event) },
  );
  return count;
}
