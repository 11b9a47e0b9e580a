import { OrderStatus, products, type CancelReason, type StockRejected, type StockReserved } from '@app/contracts';
import { OnEvent } from '@app/messaging';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { changeOrders } from './change-orders.js';
import { FOLLOWS, Order, STATUS_EVENTS } from './order.entity.js';
import { countOrders } from './order-metrics.js';

/** Applies the product service's decision about the stock of an order. A cancelled order stays cancelled. */
@Controller()
export class ProductEventsController {
  constructor(private readonly em: EntityManager) {}

  @OnEvent(products.events.stockReserved)
  async process({ orderId }: StockReserved): Promise<void> {
    await this.become(OrderStatus.PROCESSING, orderId);
  }

  @OnEvent(products.events.stockRejected)
  async cancel({ orderId, reason }: StockRejected): Promise<void> {
    await this.become(OrderStatus.CANCELLED, orderId, reason);
  }

  private async become(
    status: OrderStatus.PROCESSING | OrderStatus.CANCELLED,
    id: string,
    reason: CancelReason | null = null,
  ) {
    const changed = await changeOrders(
      this.em,
      STATUS_EVENTS[status],
      {
        set: 'status = :status, cancel_reason = :reason',
        where: 'id = :id and status = any(:before::text[])',
      },
      { id, status, reason, before: `{${FOLLOWS[status].join()}}` },
    );
    countOrders(status, reason, changed);
    // The event of an order in a later status is ignored. The event of an unknown order fails and becomes a dead letter.
    if (!changed) await this.em.findOneOrFail(Order, { id }, { fields: ['id'] });
  }
}
