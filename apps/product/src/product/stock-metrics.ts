import { CancelReason } from '@app/contracts';
import { afterCommit } from '@app/messaging';
import { Counter } from 'prom-client';

type Outcome = 'reserved' | CancelReason.OUT_OF_STOCK | CancelReason.PRODUCT_UNAVAILABLE;

const stockReservations = new Counter({
  name: 'bazaar_stock_reservations_total',
  help: 'Placed orders by outcome: reserved, or the reason why their stock could not be reserved',
  labelNames: ['service', 'outcome'] as const,
});

/** Counts reservations by their outcome, once that has committed. */
export const countReservations = (outcome: Outcome, orders = 1) =>
  afterCommit(() => stockReservations.inc({ service: 'product', outcome }, orders));

// rate() does not count the first increment of a new series, so each series starts at 0.
for (const outcome of ['reserved', CancelReason.OUT_OF_STOCK, CancelReason.PRODUCT_UNAVAILABLE] as const)
  countReservations(outcome, 0);
