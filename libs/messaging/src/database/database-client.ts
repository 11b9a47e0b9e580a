import { Client, type ClientConfig, type QueryResult } from 'pg';
import { detached } from '../in-process/detached.js';
import { READ_ONLY, refusesWrites } from './sqlstate.js';

/** The server answers first: it cancels a statement after `queryTimeoutMs`. A connection this much later is dead. */
const GRACE_MS = 1_000;
const GOODBYE_MS = 1_000;
const REFUSAL_REMEMBERED_MS = 15_000;
export const QUERY_TIMEOUT_MS = 5_000;

interface Limits {
  /** How long a statement may take, at most; undefined: as long as it needs. */
  queryTimeoutMs?: number;
  /** Settings of the session, by PostgreSQL's names. */
  session?: Record<string, string | number>;
}

/** What each connection of the project is opened with. */
export function connectionOptions({ queryTimeoutMs, session }: Limits = { queryTimeoutMs: QUERY_TIMEOUT_MS }) {
  return {
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    queryTimeoutMs,
    session: {
      // The server ends the session of a machine that is lost, in place of waiting for two hours.
      tcp_keepalives_idle: 5,
      tcp_keepalives_interval: 5,
      tcp_keepalives_count: 3,
      tcp_user_timeout: 20_000,
      ...(queryTimeoutMs !== undefined && { statement_timeout: queryTimeoutMs }),
      ...session,
    },
  };
}

/** Sent after connecting and not as startup parameters, which PgBouncer would refuse. */
const BEGIN_SESSION = `select current_setting('transaction_read_only') = 'on' as "isReadOnly",
  (select count(set_config(key, value, false)) from json_each_text($1)) as settings`;

/** Connections of one pool, by the options that they share. */
const pools = new WeakMap<object, Set<DatabaseClient>>();

/** The last write that each database has refused. */
const refusals = new Map<string, { at: number; reason: string }>();

/**
 * A connection to a server that accepts writes, which never waits without end: one that is silent for longer than a statement
 * may take is destroyed, and with it those of its pool that have been silent for as long.
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
    // What breaks a connection fails its statements; an 'error' that nobody listens to would end the process.
    this.on('error', () => undefined);
    this.on('drain', () => this.answered());
    this.on('end', () => {
      this.answered();
      this.pool.delete(this);
    });
    this.connection.on('errorMessage', (error: Error & { code?: string }) => this.refused(error));
  }

  /** Resolves once the session has its settings. @throws also when the server accepts no writes. */
  override connect(callback?: (error: never, client: Client) => void): Promise<Client> {
    const connected = super.connect().then(() => this.beginSession());
    const call = (error?: unknown) => callback?.(error as never, this);
    connected.then(() => call(), call);
    return connected;
  }

  /** In every form that pg's own takes. */
  override query(...args: unknown[]): never {
    if (this.config.queryTimeoutMs !== undefined && this.deadline === undefined) {
      this.sentAt = performance.now();
      this.deadline = setTimeout(() => this.giveUp(), this.config.queryTimeoutMs + GRACE_MS);
    }
    return Reflect.apply(super.query, this, args) as never;
  }

  /** Says goodbye, and does not wait for long for the server to hear it. */
  override end(...args: unknown[]): never {
    const late = setTimeout(() => this.connection.stream.destroy(), GOODBYE_MS).unref();
    this.once('end', () => clearTimeout(late));
    return Reflect.apply(super.end, this, args) as never;
  }

  /** Why this database has refused a write within the last seconds, over any connection of this process. */
  recentRefusal(): string | undefined {
    const refusal = refusals.get(this.address);
    return refusal && performance.now() - refusal.at < REFUSAL_REMEMBERED_MS ? refusal.reason : undefined;
  }

  private async beginSession(): Promise<Client> {
    const send = (sql: string, values: unknown[]): Promise<QueryResult<{ isReadOnly: boolean }>> =>
      this.query(sql, values);
    try {
      // Not part of the request that happens to open the connection.
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
    // Another server may accept writes by now, at the same address.
    if (code === READ_ONLY) this.destroy(message);
  }

  private destroy(reason: string): void {
    this.connection.stream.destroy(Object.assign(new Error(reason), { code: 'ETIMEDOUT' }));
  }

  private get address(): string {
    return `${this.host}:${this.port}/${this.database}`;
  }
}
