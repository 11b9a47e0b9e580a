import type pg from 'pg';
import { Gauge } from 'prom-client';

/** By service: a process may hold more than one. */
const pools = new Map<string, pg.Pool>();

export const measurePool = (service: string, pool: pg.Pool) => void pools.set(service, pool);

/** Read from the pools whenever it is scraped. */
const poolGauge = (name: string, help: string, statesOf: (pool: pg.Pool) => Record<string, number>) =>
  new Gauge({
    name,
    help,
    labelNames: ['service', 'state'] as const,
    collect() {
      for (const [service, pool] of pools)
        for (const [state, value] of Object.entries(statesOf(pool)))
          this.set(state ? { service, state } : { service }, value);
    },
  });

poolGauge(
  'bazaar_database_pool_connections',
  'Open connections to the database, by state: used, idle',
  ({ totalCount, idleCount }) => ({ used: totalCount - idleCount, idle: idleCount }),
);
poolGauge('bazaar_database_pool_waiting', 'Statements that wait for a connection', ({ waitingCount }) => ({
  '': waitingCount,
}));
poolGauge('bazaar_database_pool_max', 'Connections that may be open at once', ({ options }) => ({
  '': options.max ?? 0,
}));
