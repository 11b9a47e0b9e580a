import { EmbeddedPostgres } from '@app/embedded-postgres';
import { connectionOptions, DatabaseClient } from '@app/messaging';
import { Logger } from '@nestjs/common';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { StandaloneConfig } from './config.js';

const LOCK = `hashtext('bazaar'), hashtext('standalone')`;
const NAME = 'bazaar standalone ';
const RETRY_MS = 1_000;
const LOCK_CHECK_MS = 20;
const CHECK_MS = 5_000;
const END_TIMEOUT_MS = 3_000;

const logger = new Logger('Store');

/** The PostgreSQL server with all data, either embedded, or the one at DATABASE_URL. One process at a time holds it. */
export class Store {
  /** The other process that holds the store; undefined if this one does. */
  heldBy: string | undefined;
  private lock: Client;
  private checks?: NodeJS.Timeout;
  private closing = false;

  private constructor(
    private readonly server: string,
    private readonly holder: string,
    private readonly embedded?: EmbeddedPostgres,
  ) {}

  /**
   * @param holder describes this process to others, who see it as `heldBy`.
   * @param waitMs how long to wait for the lock. The server notices a moment late that its last holder was killed.
   */
  static async open({ DATABASE_URL, DATA_DIR }: StandaloneConfig, holder: string, waitMs = 0): Promise<Store> {
    const embedded = DATABASE_URL === undefined ? await EmbeddedPostgres.start(DATA_DIR) : undefined;
    const store = new Store(DATABASE_URL ?? embedded!.url(''), holder, embedded);
    await store.hold(waitMs);
    return store;
  }

  url(database: string): string {
    const url = new URL(this.server);
    url.pathname = `/${database}`;
    return url.href;
  }

  /** Describes where the data is. */
  async place(dataDir: string): Promise<string> {
    if (!this.embedded) return `on ${new URL(this.server).host}`;
    const { folder } = this.embedded;
    const requested = join(await realpath(dataDir), 'postgres');
    return folder === requested
      ? `in ${folder}`
      : `in ${folder}, because PostgreSQL does not run as root and its account cannot access ${requested}`;
  }

  /** Stops the embedded server and then releases the lock. A store that another process holds is left running. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.checks);
    if (this.heldBy === undefined) await this.embedded?.stop();
    await this.lock.end().catch(() => undefined);
  }

  /** Takes the lock, which belongs to the session and ends with this process, however that ends. */
  private async hold(waitMs: number, former?: Client): Promise<void> {
    const lock: Client = new DatabaseClient({ connectionString: this.url('postgres'), ...connectionOptions() });
    await lock.connect().catch((error: Error) => {
      throw new Error(`Cannot use PostgreSQL at ${new URL(this.server).host}: ${error.message}`, { cause: error });
    });
    try {
      if (former) await this.endSession(lock, former);
      const deadline = Date.now() + waitMs;
      let held = await this.tryLock(lock);
      while (!held && Date.now() < deadline) {
        await sleep(LOCK_CHECK_MS);
        held = await this.tryLock(lock);
      }
      this.heldBy = held ? undefined : await this.otherHolder(lock);
    } catch (error) {
      await lock.end();
      throw error;
    }
    this.lock = lock;
    if (this.heldBy === undefined) this.keep(lock);
  }

  private async tryLock(lock: Client): Promise<boolean> {
    const { rows } = await lock.query<{ held: boolean }>(`select pg_try_advisory_lock(${LOCK}) as held`);
    if (rows[0]!.held) await lock.query(`select set_config('application_name', $1, false)`, [NAME + this.holder]);
    return rows[0]!.held;
  }

  /** The server may not have noticed that the former connection is lost, and would keep its lock. */
  private async endSession(lock: Client, { processID }: Client & { processID?: number }): Promise<void> {
    const end = `select pg_terminate_backend(pid, ${END_TIMEOUT_MS}) from pg_stat_activity where pid = $1 and application_name = $2`;
    await lock.query(end, [processID, NAME + this.holder]);
  }

  private async otherHolder(lock: Client): Promise<string> {
    const others = 'select application_name as name from pg_stat_activity where starts_with(application_name, $1)';
    const { rows } = await lock.query<{ name: string }>(others, [NAME]);
    return rows[0]?.name.slice(NAME.length) ?? 'another process';
  }

  /** The checks end a silent connection: after a failover, for example, the new server does not know the lock. */
  private keep(lock: Client): void {
    lock.once('end', () => void this.regain());
    this.checks = setInterval(() => void lock.query('select 1').catch(() => undefined), CHECK_MS).unref();
  }

  /**
   * The lock is lost with its connection. The services reconnect by themselves and go on meanwhile; only if another process has
   * taken the lock does this one stop.
   */
  private async regain(): Promise<void> {
    clearInterval(this.checks);
    if (this.closing) return;
    logger.warn('The connection that locks the data is lost: connecting again');
    const former = this.lock;
    while (!this.closing && this.lock === former) {
      await sleep(RETRY_MS);
      await this.hold(0, former).catch(() => undefined);
    }
    if (this.closing) return;
    if (this.heldBy === undefined) return logger.warn('The data is locked again');
    logger.error(`The data is now in use by ${this.heldBy}: stopping`);
    process.emit('SIGTERM');
  }
}
