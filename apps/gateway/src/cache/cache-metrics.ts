import { Counter } from 'prom-client';

type Outcome = 'hit' | 'miss' | 'bypass';

const cacheRequests = new Counter({
  name: 'bazaar_cache_requests_total',
  help: 'What was looked up in the cache of products, by outcome: hit, miss, bypass (no version to go by)',
  labelNames: ['service', 'outcome'] as const,
});

export const countLookups = (outcome: Outcome, lookups = 1) =>
  cacheRequests.inc({ service: 'gateway', outcome }, lookups);

// A rate does not see the first increment of a series that was not there before.
for (const outcome of ['hit', 'miss', 'bypass'] as const) countLookups(outcome, 0);
