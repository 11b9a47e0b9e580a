import type { TestDatabase } from '@app/testing';
import { eventually } from '@app/testing';
import pg from 'pg';

/** Holds what statements of a service need in its test's database, so that they stall until the test lets them go on. */
export class StalledStatements {
  private readonly holder: pg.Client;

  constructor(private readonly database: TestDatabase) {
    this.holder = new pg.Client({ connectionString: database.url });
  }

  /** Runs a statement that takes locks. */
  async hold(sql: string, values: unknown[] = []): Promise<void> {
    await this.holder.connect();
    await this.holder.query('begin');
    await this.holder.query(sql, values);
  }

  /** Resolves once that many statements stall. */
  async stalled(count: number): Promise<void> {
    await eventually(async () => {
      const pids = await this.blocked();
      if (pids.length !== count) throw new Error(`${pids.length} of ${count} statements stall`);
    });
  }

  goOn(): Promise<void> {
    return this.holder.end();
  }

  /** Ends the connection of the statement that this stalls, as a crash does. */
  async crash(): Promise<void> {
    await this.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and $1 = any(pg_blocking_pids(pid))`,
      [await this.pid()],
    );
  }

  private async pid(): Promise<number> {
    const { rows } = await this.holder.query<{ pid: number }>('select pg_backend_pid() as pid');
    return rows[0]!.pid;
  }

  private blocked() {
    return this.database.query(
      `select pid from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
    );
  }
}
