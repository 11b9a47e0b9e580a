import { connectionOptions, DatabaseClient } from '@app/messaging';
import type { Client } from 'pg';

const TIMEOUT_MS = 1_500;

/** Checks a database over a connection of its own: a pool that is busy does not make the database unavailable. */
export class DatabaseProbe {
  private connected?: Promise<DatabaseClient>;
  private checking?: Promise<void>;

  constructor(
    private readonly databaseUrl: string,
    private readonly service: string,
  ) {}

  /** @throws when the database does not answer, accepts no writes or has refused one within the last seconds. */
  check(): Promise<void> {
    this.checking ??= this.ask().finally(() => (this.checking = undefined));
    return this.checking;
  }

  async close(): Promise<void> {
    const db: Client | undefined = await this.connected?.catch(() => undefined);
    await db?.end();
  }

  private async ask(): Promise<void> {
    const db = await (this.connected ??= this.connect());
    try {
      await (db as Client).query('select 1');
    } catch (error) {
      this.connected = undefined;
      void (db as Client).end();
      throw error;
    }
    const refusal = db.recentRefusal();
    if (refusal) throw new Error(`The database has refused a write: ${refusal}`);
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
