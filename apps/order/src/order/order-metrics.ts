import { CancelReason, OrderStatus } from '@app/contracts';
import { afterCommit } from '@app/messaging';
import { Counter } from 'prom-client';

const ordersTotal = new Counter({
  name: 'bazaar_orders_total',
  help: 'Orders by the status they reached; reason is the cancel reason of CANCELLED, otherwise empty',
  labelNames: ['service', 'status', 'reason'] as const,
});

/** Counts orders that have come to a status, once that has committed. */
export const countOrders = (status: OrderStatus, reason: CancelReason | null = null, orders = 1) =>
  afterCommit(() => ordersTotal.inc({ service: 'order', status, reason: reason ?? '' }, orders));

// rate() does not count the first increment of a new series, so each series starts at 0.
for (const status of Object.values(OrderStatus))
  for (const reason of status === OrderStatus.CANCELLED ? Object.values(CancelReason) : [null])
    countOrders(status, reason, 0);
