import { Counter } from 'prom-client';

export const loginsRefused = new Counter({
  name: 'bazaar_logins_refused_total',
  help: 'Passwords that were not accepted, by reason: credentials, rate_limited',
  labelNames: ['service', 'reason'] as const,
});
