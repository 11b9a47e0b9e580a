import {
  orders,
  OrderStatus,
  products,
  type CancelReason,
  type Event,
  type OrderEvent,
  type StockRejected,
  type StockReserved,
} from '@app/contracts';
import { OnEvent } from '@app/messaging';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { changeOrders } from './change-orders.js';
import { FOLLOWS, Order } from './order.entity.js';
import { countOrders } from './order-metrics.js';

/** What the product service decided about an order's stock. An order that was cancelled meanwhile stays so. */
@Controller()
export class ProductEventsController {
  constructor(private readonly em: EntityManager) {}

  @OnEvent(products.events.stockReserved)
  async process({ orderId }: StockReserved): Promise<void> {
    await this.become(OrderStatus.PROCESSING, orders.events.processing, orderId);
  }

  @OnEvent(products.events.stockRejected)
  async cancel({ orderId, reason }: StockRejected): Promise<void> {
    await this.become(OrderStatus.CANCELLED, orders.events.cancelled, orderId, reason);
  }

  private async become(status: OrderStatus, event: Event<OrderEvent>, id: string, reason: CancelReason | null = null) {
    const changed = await changeOrders(
      this.em,
      event,
      {
        set: 'status = :status, cancel_reason = :reason',
        where: 'id = :id and status = any(:before::text[])',
      },
      { id, status, reason, before: `{${FOLLOWS[status].join()}}` },
    );
    countOrders(status, reason, changed);
    // An event of an order that does not exist is no repeat: it fails, and becomes a dead letter.
    if (!changed) await this.em.findOneOrFail(Order, { id }, { fields: ['id'] });
  }
}
