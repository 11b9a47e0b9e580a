import { Counter } from 'prom-client';

type Outcome = 'hit' | 'miss' | 'bypass';

const cacheRequests = new Counter({
  name: 'bazaar_cache_requests_total',
  help: 'Lookups in the product cache, by outcome: hit, miss, bypass (the version is unknown)',
  labelNames: ['service', 'outcome'] as const,
});

export const countLookups = (outcome: Outcome, lookups = 1) =>
  cacheRequests.inc({ service: 'gateway', outcome }, lookups);

// A rate misses the first increment of a new series, so each series starts at 0.
for (const outcome of ['hit', 'miss', 'bypass'] as const) countLookups(outcome, 0);
