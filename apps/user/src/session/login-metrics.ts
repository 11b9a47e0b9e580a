import { Counter } from 'prom-client';

export const loginsRefused = new Counter({
  name: 'bazaar_logins_refused_total',
  help: 'Rejected logins and password checks, by reason: credentials, rate_limited',
  labelNames: ['service', 'reason'] as const,
});

// Prometheus cannot compute a rate from the first sample of a new series, so each starts at 0.
for (const reason of ['credentials', 'rate_limited']) loginsRefused.inc({ service: 'user', reason }, 0);
