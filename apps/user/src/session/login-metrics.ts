import { Counter } from 'prom-client';

export const loginsRefused = new Counter({
  name: 'bazaar_logins_refused_total',
  help: 'Passwords that were not accepted, by reason: credentials, rate_limited',
  labelNames: ['service', 'reason'] as const,
});

// A rate does not see the first increment of a series that was not there before.
for (const reason of ['credentials', 'rate_limited']) loginsRefused.inc({ service: 'user', reason }, 0);
