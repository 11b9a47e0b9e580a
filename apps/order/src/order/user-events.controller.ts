import {
  MAX_READDRESSED,
  orders,
  users,
  type ShippingDetails,
  type UserProfileUpdated,
  type UserRegistered,
} from '@app/contracts';
import { insertIntoOutbox, OnEvent, outboxValues } from '@app/messaging';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { NO_SHIPPING_DETAILS } from './customers.js';
import { OPEN } from './order.entity.js';

/**
 * One statement and, for up to MAX_READDRESSED orders, one event, however many orders a customer has. Orders that have the
 * address already are left alone: an event that is older than what is known changes nothing.
 */
const READDRESS_ORDERS = `
  with changed as (
    update orders o
    set shipping = c.shipping, shipping_version = c.version, version = o.version + 1, updated_at = now()
    from customers c
    where c.id = :userId and o.user_id = :userId and o.status in (${OPEN.map((status) => `'${status}'`)})
      and o.shipping_version < c.version and o.shipping <> c.shipping
    returning o.id, o.version
  ), numbered as (
    select id, version, row_number() over () - 1 as number from changed
  )
  ${insertIntoOutbox(
    'numbered group by number / :portion',
    `jsonb_build_object(
       'userId', :userId::uuid,
       'orders', jsonb_agg(jsonb_build_object('orderId', id, 'version', version))
     )`,
  )}`;

/** Keeps this service's copy of customers, and the addresses of orders that have not left yet, up to date. */
@Controller()
export class UserEventsController {
  constructor(private readonly em: EntityManager) {}

  @OnEvent(users.events.registered)
  async learn({ userId, version }: UserRegistered): Promise<void> {
    await this.remember(userId, version, NO_SHIPPING_DETAILS);
  }

  /** An open order takes the newest address that is known, whatever order the events come in; one that has left keeps its own. */
  @OnEvent(users.events.profileUpdated)
  async readdress({ userId, version, ...shipping }: UserProfileUpdated): Promise<void> {
    await this.remember(userId, version, shipping);
    await this.em.execute(READDRESS_ORDERS, {
      userId,
      portion: MAX_READDRESSED,
      ...outboxValues(orders.events.readdressed),
    });
  }

  /**
   * Keeps the newer of what is known and what is heard. The customer's row stays locked until the transaction ends, so that
   * an order that is being placed either has this address or is there to be readdressed (`insert-order.ts`).
   */
  private async remember(id: string, version: number, shipping: ShippingDetails): Promise<void> {
    await this.em.execute(
      `insert into customers (id, shipping, version) values (?, ?, ?)
       on conflict (id) do update set shipping = excluded.shipping, version = excluded.version
       where customers.version < excluded.version`,
      [id, JSON.stringify(shipping), version],
    );
  }
}
