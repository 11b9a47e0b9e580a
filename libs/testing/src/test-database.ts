import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A test's own database on the server at `TEST_DATABASE_URL`. `drop` removes it. */
export class TestDatabase {
  private constructor(
    private readonly server: string,
    readonly name: string,
    readonly url: string,
  ) {}

  static async create(): Promise<TestDatabase> {
    const server = process.env.TEST_DATABASE_URL;
    if (!server) throw new Error('TEST_DATABASE_URL is not set: run the tests by `npm test`');
    const name = `test_${randomBytes(6).toString('hex')}`;
    const url = new URL(server);
    url.pathname = `/${name}`;
    await query(server, `create database ${name}`);
    return new TestDatabase(server, name, url.href);
  }

  query<T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> {
    return query<T>(this.url, sql, values);
  }

  /** Makes new sessions read-only, as on a standby. */
  async setReadOnly(isReadOnly: boolean): Promise<void> {
    await query(this.server, `alter database ${this.name} set default_transaction_read_only = ${isReadOnly}`);
  }

  /** Ends all its sessions. */
  async disconnect(): Promise<void> {
    await query(this.server, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [this.name]);
  }

  async drop(): Promise<void> {
    await query(this.server, `drop database if exists ${this.name} with (force)`);
  }
}

async function query<T extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
