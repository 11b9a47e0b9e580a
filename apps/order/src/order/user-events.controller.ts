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
 * One statement for all orders of a customer, and one event for each MAX_READDRESSED of them. Orders that already have the
 * address are not changed, so an outdated event changes nothing.
 */
const READDRESS_ORDERS = `
  with changed as (
    update orders o
    set shipping = c.shipping, shipping_version = c.version, version = o.version + 1, updated_at = now()
    from customers c
    where c.id = :userId and o.user_id = :userId and o.status in (${OPEN.map((status) => `'${status}'`).join(', ')})
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

/** Updates this service's copy of customers and the addresses of open orders. */
@Controller()
export class UserEventsController {
  constructor(private readonly em: EntityManager) {}

  @OnEvent(users.events.registered)
  async addCustomer({ userId, version }: UserRegistered): Promise<void> {
    await this.remember(userId, version, NO_SHIPPING_DETAILS);
  }

  /** Open orders take the newest known address, whatever order the events arrive in. Shipped orders keep theirs. */
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
   * Stores the shipping details unless newer ones are known. The customer's row stays locked until the transaction ends, so a
   * concurrently placed order either gets this address or is readdressed (`insert-order.ts`).
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
