import {
  AppError,
  CancelReason,
  isAdmin,
  isId,
  MAX_LIST,
  mayActFor,
  orderNotFound,
  orders,
  products,
  type Caller,
  type NewOrder,
  type OrderCount,
  type OrderDto,
  type OrderFilter,
  type OrderKey,
  type OrderKeys,
  type OrderPage,
  type OrdersOf,
  type OrderStatus,
  type OrderStatusChange,
  type Page,
  type ProductClient,
} from '@app/contracts';
import { InjectClient, OnRequest, Outbox } from '@app/messaging';
import { newestFirst, toPage } from '@app/platform';
import { EntityManager, LockMode, type FilterQuery } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { Customers } from './customers.js';
import { keyedOrder, placeOnce } from './idempotency.js';
import { assertKnown } from './known-products.js';
import { insertOrder } from './insert-order.js';
import { newOrder } from './new-order.js';
import { orderDto } from './order-dto.js';
import { Order, STATUS_EVENTS } from './order.entity.js';
import { countOrders } from './order-metrics.js';
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
  async place({ caller, order: input }: NewOrder): Promise<OrderDto> {
    const { items, idempotencyKey: key } = input;
    const userId = input.userId ?? caller.userId;
    if (!mayActFor(caller, userId)) throw new AppError('FORBIDDEN', 'Only admins may place orders for other users');
    if (!isId(userId)) throw new AppError('USER_NOT_FOUND', 'User not found');
    const keyed = key ? keyedOrder(userId, key, input) : undefined;
    return placeOnce(this.em, keyed, async () => {
      const [customer, quotes] = await Promise.all([
        this.customers.get(userId),
        this.products.quote({ ids: items.map(({ productId }) => productId).filter(isId) }),
      ]);
      await assertKnown(items, quotes, this.products);
      const order = newOrder(customer, priceOrder(input, quotes), keyed);
      return orderDto(await insertOrder(this.em, order));
    });
  }

  @OnRequest(orders.requests.get)
  async get({ caller, id }: OrderKey): Promise<OrderDto | null> {
    const order = await this.em.findOne(Order, { id }, { populate: ['items'] });
    return order && mayActFor(caller, order.userId) ? orderDto(order) : null;
  }

  @OnRequest(orders.requests.list)
  async list({ caller }: OrdersOf): Promise<OrderDto[]> {
    return (await this.newest(visibleOrders({}, caller), MAX_LIST + 1)).map(orderDto);
  }

  @OnRequest(orders.requests.getMany)
  async getMany({ caller, ids }: OrderKeys): Promise<OrderDto[]> {
    return (await this.newest({ ...visibleOrders({}, caller), id: { $in: ids } }, ids.length)).map(orderDto);
  }

  @OnRequest(orders.requests.page)
  async page({ caller, page }: OrderPage): Promise<Page<OrderDto>> {
    const { where, options } = newestFirst(page);
    const rows = await this.em.find(
      Order,
      { ...visibleOrders(page.filter ?? {}, caller), ...where },
      { ...options, populate: ['items'] },
    );
    return toPage(rows, page, { keyOf: ({ id }) => [id], node: orderDto });
  }

  @OnRequest(orders.requests.count)
  async count({ caller, filter }: OrderCount): Promise<number> {
    return this.em.count(Order, visibleOrders(filter, caller));
  }

  @OnRequest(orders.requests.cancel)
  async cancel({ caller, id }: OrderKey): Promise<OrderDto> {
    return this.changed(caller, id, (order) =>
      order.cancel(caller.userId === order.userId ? CancelReason.BY_CUSTOMER : CancelReason.BY_ADMIN),
    );
  }

  @OnRequest(orders.requests.updateStatus)
  async updateStatus({ caller, id, status }: OrderStatusChange): Promise<OrderDto> {
    if (!isAdmin(caller)) throw new AppError('FORBIDDEN', 'Only admins may set the status of an order');
    return this.changed(caller, id, (order) => order.advance(status));
  }

  /**
   * Changes the status of an order while it is locked, and publishes the event of its new status.
   * @throws AppError ORDER_NOT_FOUND, also for an order that the caller may not see.
   */
  private async changed(caller: Caller, id: string, change: (order: Order) => void): Promise<OrderDto> {
    const order = await this.em.transactional(async () => {
      const order = await this.em.findOne(Order, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!order || !mayActFor(caller, order.userId)) throw orderNotFound();
      await order.items.init();
      change(order);
      const event = STATUS_EVENTS[order.status];
      if (event) this.outbox.add(event, order.toEvent());
      return order;
    });
    countOrders(order.status, order.cancelReason);
    return orderDto(order);
  }

  private newest(where: FilterQuery<Order>, limit: number): Promise<Order[]> {
    return this.em.find(Order, where, { populate: ['items'], orderBy: { id: 'desc' }, limit });
  }
}

/** The condition for the orders that match a filter and that the caller may see: their own, or all orders for an admin. */
function visibleOrders({ status, userId }: OrderFilter, caller: Caller): { userId?: string; status?: OrderStatus } {
  const customerId = userId ?? (isAdmin(caller) ? undefined : caller.userId);
  if (customerId && !mayActFor(caller, customerId))
    throw new AppError('FORBIDDEN', 'Only admins may see the orders of other users');
  return { ...(customerId && { userId: customerId }), ...(status && { status }) };
}
