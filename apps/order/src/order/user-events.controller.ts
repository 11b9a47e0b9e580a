import { orders, users, type ShippingDetails, type UserProfileUpdated, type UserRegistered } from '@app/contracts';
import { OnEvent } from '@app/messaging';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { changeOrders } from './change-orders.js';
import { NO_SHIPPING_DETAILS } from './customers.js';

/** Keeps this service's copy of customers, and the addresses of orders that have not left yet, up to date. */
@Controller()
export class UserEventsController {
  constructor(private readonly em: EntityManager) {}

  @OnEvent(users.events.registered)
  async learn({ userId, version }: UserRegistered): Promise<void> {
    await this.remember(userId, version, NO_SHIPPING_DETAILS);
  }

  /** An order takes the newest version it hears of, whatever order they come in; one that has left keeps what it has. */
  @OnEvent(users.events.profileUpdated)
  async readdress({ userId, version, ...shipping }: UserProfileUpdated): Promise<void> {
    await this.remember(userId, version, shipping);
    await changeOrders(
      this.em,
      orders.events.readdressed,
      {
        set: 'shipping = :shipping, shipping_version = :newVersion',
        where: `user_id = :userId and status in ('PENDING', 'PROCESSING') and shipping_version < :newVersion`,
      },
      { userId, newVersion: version, shipping: JSON.stringify(shipping) },
    );
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
