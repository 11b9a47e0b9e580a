import { Turns } from '@app/messaging';
import { PostgreSqlConnection } from '@mikro-orm/postgresql';
import type { Pool, PoolConfig } from 'pg';

/** Where the configuration does not say: pg's own. */
const DEFAULT_POOL_SIZE = 10;
/** Less than the gateway waits, unless it is set otherwise, so that callers hear that nothing was done. */
const PATIENCE_MS = 2_000;

/** A statement that may wait for a row's lock. Taking a read for one costs it a turn and nothing else. */
const WRITES = /\b(insert|update|delete)\b/i;

type Pg = PostgreSqlConnection;
type Options = PoolConfig & { onPoolCreated?: (pool: Pool, turns: Turns) => unknown };

/**
 * Leaves a quarter of the pool, one connection at least, to reads outside of transactions: however many requests and events
 * wait for a row that is locked, reads find a connection. Transactions and single writes take turns at the others.
 * Not for `em.begin()`, which nothing uses.
 */
export class LimitedConnection extends PostgreSqlConnection {
  private readonly turns = new Turns(writersOf(this.config.get('pool').max), PATIENCE_MS);

  /** `onPoolCreated` is given the turns too. */
  override createKyselyDialect({ onPoolCreated, ...options }: Options) {
    const withTurns: Options = { ...options, onPoolCreated: (pool) => onPoolCreated?.(pool, this.turns) };
    return super.createKyselyDialect(withTurns);
  }

  /** One that is nested has its turn already. */
  override transactional(...args: Parameters<Pg['transactional']>): Promise<never> {
    const run = () => super.transactional(...args) as Promise<never>;
    return args[1]?.ctx ? run() : this.turns.run(run);
  }

  override execute(...args: Parameters<Pg['execute']>): Promise<never> {
    const [query, , , transaction] = args;
    const run = () => super.execute(...args) as Promise<never>;
    const mayWrite = typeof query !== 'string' || WRITES.test(query);
    return mayWrite && !transaction ? this.turns.run(run) : run();
  }
}

/** How many of a pool's connections writes may take; a pool of one has none to leave. */
const writersOf = (poolSize = DEFAULT_POOL_SIZE): number => Math.max(1, Math.floor((poolSize * 3) / 4));
