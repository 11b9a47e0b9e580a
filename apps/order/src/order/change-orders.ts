import type { Event, OrderEvent } from '@app/contracts';
import { currentTraceparent } from '@app/telemetry';
import type { EntityManager } from '@mikro-orm/postgresql';

/**
 * Changes the orders that `where` names and publishes an event for each, in one statement: for what events do to orders.
 * @returns how many there were.
 */
export async function changeOrders(
  em: EntityManager,
  event: Event<OrderEvent>,
  { set, where }: { set: string; where: string },
  values: Record<string, unknown>,
): Promise<number> {
  const [told] = await em.execute<[{ changed: number }]>(
    `with changed as (
       update orders set ${set}, version = version + 1, updated_at = now() where ${where} returning id, user_id, version
     ), told as (
       insert into outbox (id, type, data, traceparent)
       select gen_random_uuid(), :event, jsonb_build_object('orderId', id, 'userId', user_id, 'version', version), :traceparent
       from changed
     )
     select count(*)::int as changed from changed`,
    { ...values, event: event.pattern, traceparent: currentTraceparent() ?? null },
  );
  return told.changed;
}
