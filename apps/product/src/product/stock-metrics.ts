import { CancelReason } from '@app/contracts';
import { Counter } from 'prom-client';

type Outcome = 'reserved' | CancelReason.OUT_OF_STOCK | CancelReason.PRODUCT_UNAVAILABLE;

const stockReservations = new Counter({
  name: 'bazaar_stock_reservations_total',
  help: 'Orders that wanted stock, by outcome: reserved, or why not',
  labelNames: ['service', 'outcome'] as const,
});

export const countReservations = (outcome: Outcome, orders = 1) =>
  stockReservations.inc({ service: 'product', outcome }, orders);

// A rate does not see the first increment of a series that was not there before.
for (const outcome of ['reserved', CancelReason.OUT_OF_STOCK, CancelReason.PRODUCT_UNAVAILABLE] as const)
  countReservations(outcome, 0);
