import { CancelReason, OrderStatus } from '@app/contracts';
import { Counter } from 'prom-client';

const ordersTotal = new Counter({
  name: 'bazaar_orders_total',
  help: 'Orders that have come to a status; reason is why one is CANCELLED, else empty',
  labelNames: ['service', 'status', 'reason'] as const,
});

export const countOrders = (status: OrderStatus, reason: CancelReason | null = null, orders = 1) =>
  ordersTotal.inc({ service: 'order', status, reason: reason ?? '' }, orders);

// A rate does not see the first increment of a series that was not there before.
for (const status of Object.values(OrderStatus))
  for (const reason of status === OrderStatus.CANCELLED ? Object.values(CancelReason) : [null])
    countOrders(status, reason, 0);
