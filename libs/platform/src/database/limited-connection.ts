import { Turns } from '@app/messaging';
import { PostgreSqlConnection } from '@mikro-orm/postgresql';
import type { Pool, PoolConfig } from 'pg';

/** pg's own default. */
const DEFAULT_POOL_SIZE = 10;
/** How long a writer waits for its turn. Less than the gateway's default timeout, so that callers learn that nothing was done. */
const TURN_TIMEOUT_MS = 2_000;

/** Statements that may wait for a row lock. A read that matches by mistake only waits for a turn. */
const WRITES = /\b(insert|update|delete)\b/i;

type Pg = PostgreSqlConnection;
type Options = PoolConfig & { onPoolCreated?: (pool: Pool, turns: Turns) => unknown };

/**
 * Reserves a quarter of the pool, at least one connection, for reads outside of transactions. However many requests and events
 * wait for a locked row, reads find a connection. Transactions and single writes take turns at the other connections.
 * Does not cover `em.begin()`, which this project does not use.
 */
export class LimitedConnection extends PostgreSqlConnection {
  private readonly turns = new Turns(writersOf(this.config.get('pool').max), TURN_TIMEOUT_MS);

  /** Also passes the turns to `onPoolCreated`. */
  override createKyselyDialect({ onPoolCreated, ...options }: Options) {
    const withTurns: Options = { ...options, onPoolCreated: (pool) => onPoolCreated?.(pool, this.turns) };
    return super.createKyselyDialect(withTurns);
  }

  /** A nested transaction already has its turn. */
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

/** How many connections writers may use. In a pool of one, they share the only connection with reads. */
const writersOf = (poolSize = DEFAULT_POOL_SIZE): number => Math.max(1, Math.floor((poolSize * 3) / 4));
