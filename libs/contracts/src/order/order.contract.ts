import { contract, event, request, type ClientOf } from '../contract.js';
import type { Page } from '../page.js';
import {
  NewOrder,
  OrderCount,
  OrderDto,
  OrderEvent,
  OrderKey,
  OrderKeys,
  OrderPage,
  OrderPlaced,
  OrdersOf,
  OrdersReaddressed,
  OrderStatusChange,
} from './order.dto.js';

export const orders = contract('order', {
  requests: {
    place: request(NewOrder).answers<OrderDto>(),
    /** Null for an order that the caller may not see. */
    get: request(OrderKey).answers<OrderDto | null>(),
    /** A customer's own orders, all orders for an admin. Newest first, at most MAX_LIST + 1: the last one shows that there are more. */
    list: request(OrdersOf).answersRows<OrderDto>('getMany'),
    /** The orders with these ids that the caller may see, in no particular order. */
    getMany: request(OrderKeys).answersRows<OrderDto>('getMany'),
    /** Like `list`, in pages. */
    page: request(OrderPage).answers<Page<OrderDto>>(),
    count: request(OrderCount).answers<number>(),
    cancel: request(OrderKey).answers<OrderDto>(),
    /** Admins only: sets SHIPPED or DELIVERED. */
    updateStatus: request(OrderStatusChange).answers<OrderDto>(),
  },
  events: {
    placed: event(OrderPlaced, 'product'),
    processing: event(OrderEvent),
    readdressed: event(OrdersReaddressed),
    shipped: event(OrderEvent, 'product'),
    delivered: event(OrderEvent),
    cancelled: event(OrderEvent, 'product'),
  },
});

export type OrderClient = ClientOf<typeof orders>;
