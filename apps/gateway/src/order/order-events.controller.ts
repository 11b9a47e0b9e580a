import { type OrderEvent, orders, type OrdersReaddressed } from '@app/contracts';
import { OnEvent } from '@app/messaging';
import { Controller } from '@nestjs/common';
import { OrderUpdates } from './order-updates.js';

/** Passes changes of orders to the subscriptions. */
@Controller()
export class OrderEventsController {
  constructor(private readonly updates: OrderUpdates) {}

  @OnEvent(
    orders.events.placed,
    orders.events.processing,
    orders.events.shipped,
    orders.events.delivered,
    orders.events.cancelled,
  )
  async changed(event: OrderEvent) {
    this.updates.changed(event);
  }

  @OnEvent(orders.events.readdressed)
  async readdressed({ userId, orders: changed }: OrdersReaddressed) {
    for (const { orderId, version } of changed) this.updates.changed({ orderId, userId, version });
  }
}
