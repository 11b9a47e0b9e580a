import type { Turns } from '@app/messaging';
import type pg from 'pg';
import { Gauge } from 'prom-client';

/** By service: a process may run several. */
const pools = new Map<string, { pool: pg.Pool; turns: Turns }>();

/** `turns` limits the writers, which wait there before they ask the pool. */
export const measurePool = (service: string, pool: pg.Pool, turns: Turns) => void pools.set(service, { pool, turns });

/** Read from the pools at each scrape. */
const poolGauge = (name: string, help: string, statesOf: (pool: pg.Pool, turns: Turns) => Record<string, number>) =>
  new Gauge({
    name,
    help,
    labelNames: ['service', 'state'] as const,
    collect() {
      for (const [service, { pool, turns }] of pools)
        for (const [state, value] of Object.entries(statesOf(pool, turns)))
          this.set(state ? { service, state } : { service }, value);
    },
  });

poolGauge(
  'bazaar_database_pool_connections',
  'Open connections to the database, by state: used, idle',
  ({ totalCount, idleCount }) => ({ used: totalCount - idleCount, idle: idleCount }),
);
poolGauge(
  'bazaar_database_pool_waiting',
  'Statements and transactions waiting for a connection',
  ({ waitingCount }, turns) => ({ '': waitingCount + turns.waitingCount }),
);
poolGauge('bazaar_database_pool_max', 'Maximum number of open connections to the database', ({ options }) => ({
  '': options.max ?? 0,
}));
