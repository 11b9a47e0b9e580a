import { contract, event, request, type ClientOf } from '../contract.js';
import { NewOrder, OrderDto, OrderEvent, OrderKey, OrderPlaced, OrdersOf } from './order.dto.js';

export const orders = contract('order', {
  requests: {
    place: request(NewOrder).answers<OrderDto>(),
    /** Null unless it is the caller's, or the caller is an admin. */
    get: request(OrderKey).answers<OrderDto | null>(),
    /** The caller's own, all of them for an admin; newest first, at most 1000. */
    list: request(OrdersOf).answers<OrderDto[]>(),
    cancel: request(OrderKey).answers<OrderDto>(),
  },
  events: {
    placed: event(OrderPlaced, 'product'),
    processing: event(OrderEvent),
    cancelled: event(OrderEvent, 'product'),
  },
});

export type OrderClient = ClientOf<typeof orders>;
