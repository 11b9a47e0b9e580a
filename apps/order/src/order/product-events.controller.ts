import { orders, OrderStatus, products, type StockRejected, type StockReserved } from '@app/contracts';
import { OnEvent, Outbox } from '@app/messaging';
import { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { Order } from './order.entity.js';

/** What the product service decided about an order's stock. An order that was cancelled meanwhile stays so. */
@Controller()
export class ProductEventsController {
  constructor(
    private readonly em: EntityManager,
    private readonly outbox: Outbox,
  ) {}

  @OnEvent(products.events.stockReserved)
  async process({ orderId }: StockReserved): Promise<void> {
    const order = await this.locked(orderId);
    if (!order.mayBecome(OrderStatus.PROCESSING)) return;
    order.process();
    this.outbox.add(orders.events.processing, order.toEvent());
  }

  @OnEvent(products.events.stockRejected)
  async cancel({ orderId, reason }: StockRejected): Promise<void> {
    const order = await this.locked(orderId);
    if (!order.mayBecome(OrderStatus.CANCELLED)) return;
    order.cancel(reason);
    this.outbox.add(orders.events.cancelled, order.toEvent());
  }

  private locked(id: string): Promise<Order> {
    return this.em.findOneOrFail(Order, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  }
}
