import {
  AppError,
  CancelReason,
  isAdmin,
  mayActFor,
  orders,
  products,
  type ProductClient,
  type NewOrder,
  type OrderDto,
  type OrderKey,
  type OrdersOf,
} from '@app/contracts';
import { InjectClient, OnRequest, Outbox } from '@app/messaging';
import { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { Customers } from './customers.js';
import { Order } from './order.entity.js';
import { insertOrder } from './insert-order.js';
import { priceOrder } from './price-order.js';

@Controller()
export class OrderController {
  constructor(
    private readonly em: EntityManager,
    private readonly outbox: Outbox,
    private readonly customers: Customers,
    @InjectClient(products) private readonly products: ProductClient,
  ) {}

  @OnRequest(orders.requests.place)
  async place({ caller, order: { userId = caller.userId, items } }: NewOrder): Promise<OrderDto> {
    if (!mayActFor(caller, userId)) throw new AppError('FORBIDDEN', 'Only admins may order for somebody else');
    const [customer, quotes] = await Promise.all([
      this.customers.get(userId),
      this.products.quote({ ids: items.map(({ productId }) => productId) }),
    ]);
    return insertOrder(this.em, customer, priceOrder(items, quotes));
  }

  @OnRequest(orders.requests.get)
  async get({ caller, id }: OrderKey): Promise<OrderDto | null> {
    const order = await this.em.findOne(Order, { id }, { populate: ['items'] });
    return order && mayActFor(caller, order.userId) ? order.toDto() : null;
  }

  @OnRequest(orders.requests.list)
  async list({ caller }: OrdersOf): Promise<OrderDto[]> {
    const newest = await this.em.find(Order, isAdmin(caller) ? {} : { userId: caller.userId }, {
      populate: ['items'],
      orderBy: { id: 'desc' },
      limit: 1000,
    });
    return newest.map((order) => order.toDto());
  }

  @OnRequest(orders.requests.cancel)
  async cancel({ caller, id }: OrderKey): Promise<OrderDto> {
    return this.em.transactional(async () => {
      const order = await this.em.findOne(Order, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!order || !mayActFor(caller, order.userId)) throw new AppError('ORDER_NOT_FOUND', 'There is no such order');
      order.cancel(caller.userId === order.userId ? CancelReason.BY_CUSTOMER : CancelReason.BY_ADMIN);
      this.outbox.add(orders.events.cancelled, order.toEvent());
      await order.items.init();
      return order.toDto();
    });
  }
}
