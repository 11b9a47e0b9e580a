import { connectionOptions, DatabaseClient } from '@app/messaging';
import type { Client } from 'pg';

const TIMEOUT_MS = 1_500;

/** Checks a database over a separate connection, because a busy pool does not make the database unavailable. */
export class DatabaseProbe {
  private connected?: Promise<DatabaseClient>;
  private checking?: Promise<void>;

  constructor(
    private readonly databaseUrl: string,
    private readonly service: string,
  ) {}

  /** @throws if the database does not answer, is read-only or has rejected a write within the last seconds. */
  check(): Promise<void> {
    this.checking ??= this.query().finally(() => (this.checking = undefined));
    return this.checking;
  }

  async close(): Promise<void> {
    const db: Client | undefined = await this.connected?.catch(() => undefined);
    await db?.end();
  }

  private async query(): Promise<void> {
    const db = await (this.connected ??= this.connect());
    try {
      await (db as Client).query('select 1');
    } catch (error) {
      this.connected = undefined;
      void (db as Client).end();
      throw error;
    }
    const refusal = db.recentRefusal();
    if (refusal) throw new Error(`The database has rejected a write: ${refusal}`);
  }

  private async connect(): Promise<DatabaseClient> {
    const db = new DatabaseClient({
      ...connectionOptions({ queryTimeoutMs: TIMEOUT_MS }),
      connectionTimeoutMillis: TIMEOUT_MS,
      connectionString: this.databaseUrl,
      application_name: `bazaar-${this.service} health`,
    });
    try {
      await db.connect();
      return db;
    } catch (error) {
      this.connected = undefined;
      throw error;
    }
  }
}
