import type { TestDatabase } from '@app/testing';
import { eventually } from '@app/testing';
import pg from 'pg';

/** Holds locks in the database of a service under test, so that its statements stall until the test releases them. */
export class StalledStatements {
  private readonly holder: pg.Client;

  constructor(private readonly database: TestDatabase) {
    this.holder = new pg.Client({ connectionString: database.url });
  }

  /** Runs a statement that takes the locks. */
  async hold(sql: string, values: unknown[] = []): Promise<void> {
    await this.holder.connect();
    await this.holder.query('begin');
    await this.holder.query(sql, values);
  }

  /** Resolves once this many statements stall. */
  async stalled(count: number): Promise<void> {
    await eventually(async () => {
      const pids = await this.blocked();
      if (pids.length !== count) throw new Error(`${pids.length} of ${count} statements stall`);
    });
  }

  release(): Promise<void> {
    return this.holder.end();
  }

  /** Terminates the connection of the stalled statement, like a crash. */
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
