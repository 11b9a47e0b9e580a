import { Client, type ClientConfig, type QueryResult } from 'pg';
import { detached } from '../in-process/detached.js';
import { endsConnection, READ_ONLY, refusesWrites } from './sqlstate.js';

/** The server cancels a statement after `queryTimeoutMs`. A connection that is still silent after this grace period is dead. */
const GRACE_MS = 1_000;
const GOODBYE_MS = 1_000;
const REFUSAL_REMEMBERED_MS = 15_000;
export const QUERY_TIMEOUT_MS = 5_000;

interface Limits {
  /** The statement timeout; undefined for none. */
  queryTimeoutMs?: number;
  /** PostgreSQL settings of the session. */
  session?: Record<string, string | number>;
}

/** The options of every database connection. */
export function connectionOptions({ queryTimeoutMs, session }: Limits = { queryTimeoutMs: QUERY_TIMEOUT_MS }) {
  return {
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    queryTimeoutMs,
    session: {
      // The server ends the session of a lost client after seconds instead of two hours.
      tcp_keepalives_idle: 5,
      tcp_keepalives_interval: 5,
      tcp_keepalives_count: 3,
      tcp_user_timeout: 20_000,
      ...(queryTimeoutMs !== undefined && { statement_timeout: queryTimeoutMs }),
      ...session,
    },
  };
}

/** Sent after connecting, because PgBouncer rejects these settings as startup parameters. */
const BEGIN_SESSION = `select current_setting('transaction_read_only') = 'on' as "isReadOnly",
  (select count(set_config(key, value, false)) from json_each_text($1)) as settings`;

/** The connections of each pool. A pool's connections share one options object. */
const pools = new WeakMap<object, Set<DatabaseClient>>();

/** The last write that each database rejected. */
const refusals = new Map<string, { at: number; reason: string }>();

/**
 * A connection to a server that accepts writes. It never waits forever: a connection that is silent for longer than the
 * statement timeout is destroyed, together with the connections of its pool that have been silent as long.
 */
export class DatabaseClient extends Client {
  private readonly pool: Set<DatabaseClient>;
  private deadline?: NodeJS.Timeout;
  private sentAt = 0;
  private answeredAt = performance.now();

  constructor(private readonly config: ClientConfig & Limits = {}) {
    super(config);
    this.pool = pools.get(config) ?? new Set();
    pools.set(config, this.pool.add(this));
    // An unhandled 'error' event would end the process. The statements of a broken connection fail on their own.
    this.on('error', () => undefined);
    this.on('drain', () => this.answered());
    this.on('end', () => {
      this.answered();
      this.pool.delete(this);
    });
    this.connection.on('errorMessage', (error: Error & { code?: string }) => this.refused(error));
  }

  /** Resolves once the session has its settings. @throws also if the server accepts no writes. */
  override connect(callback?: (error: never, client: Client) => void): Promise<Client> {
    const connected = super.connect().then(() => this.beginSession());
    const call = (error?: unknown) => callback?.(error as never, this);
    connected.then(() => call(), call);
    return connected;
  }

  /** Accepts every form of pg's `query`. */
  override query(...args: unknown[]): never {
    if (this.config.queryTimeoutMs !== undefined && this.deadline === undefined) {
      this.sentAt = performance.now();
      this.deadline = setTimeout(() => this.giveUp(), this.config.queryTimeoutMs + GRACE_MS);
    }
    return Reflect.apply(super.query, this, args) as never;
  }

  /** Closes the connection, at the latest after GOODBYE_MS without the server. */
  override end(...args: unknown[]): never {
    const late = setTimeout(() => this.connection.stream.destroy(), GOODBYE_MS).unref();
    this.once('end', () => clearTimeout(late));
    return Reflect.apply(super.end, this, args) as never;
  }

  /** The reason why this database recently rejected a write, over any connection of this process. */
  recentRefusal(): string | undefined {
    const refusal = refusals.get(this.address);
    return refusal && performance.now() - refusal.at < REFUSAL_REMEMBERED_MS ? refusal.reason : undefined;
  }

  private async beginSession(): Promise<Client> {
    const send = (sql: string, values: unknown[]): Promise<QueryResult<{ isReadOnly: boolean }>> =>
      this.query(sql, values);
    try {
      // Detached: this is not part of the request that happens to open the connection.
      const { rows } = await detached(() => send(BEGIN_SESSION, [JSON.stringify(this.config.session ?? {})]));
      if (rows[0]!.isReadOnly) {
        const error = Object.assign(new Error('The database server is read-only'), { code: READ_ONLY });
        this.refused(error);
        throw error;
      }
      return this;
    } catch (error) {
      void this.end();
      throw error;
    }
  }

  private answered(): void {
    clearTimeout(this.deadline);
    this.deadline = undefined;
    this.answeredAt = performance.now();
  }

  private giveUp(): void {
    const silent = [...this.pool].filter((client) => client === this || client.answeredAt < this.sentAt);
    for (const client of silent) client.destroy('The database has not answered in time');
  }

  private refused({ code = '', message }: Error & { code?: string }): void {
    if (refusesWrites(code)) refusals.set(this.address, { at: performance.now(), reason: message });
    // Another server at the same address may accept writes by now. And a pool must not lend a connection that is about to end.
    if (code === READ_ONLY || endsConnection(code)) this.destroy(message);
  }

  private destroy(reason: string): void {
    this.connection.stream.destroy(Object.assign(new Error(reason), { code: 'ETIMEDOUT' }));
  }

  private get address(): string {
    return `${this.host}:${this.port}/${this.database}`;
  }
}
