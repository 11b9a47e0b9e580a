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
    /** Null unless it is the caller's, or the caller is an admin. */
    get: request(OrderKey).answers<OrderDto | null>(),
    /** The caller's own, all of them for an admin; newest first, at most 1000. */
    list: request(OrdersOf).answersRows<OrderDto>('getMany'),
    /** Those of these ids that the caller may see, in no particular order. */
    getMany: request(OrderKeys).answersRows<OrderDto>('getMany'),
    /** As `list`, in pages. */
    page: request(OrderPage).answers<Page<OrderDto>>(),
    count: request(OrderCount).answers<number>(),
    cancel: request(OrderKey).answers<OrderDto>(),
    /** To SHIPPED or DELIVERED; for admins. */
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
