import { EmbeddedPostgres } from '@app/embedded-postgres';
import { Logger } from '@nestjs/common';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { StandaloneConfig } from './config.js';

const LOCK = `hashtext('bazaar'), hashtext('standalone')`;
const NAME = 'bazaar standalone ';
const HOLD_AGAIN_MS = 1_000;

/** The PostgreSQL that keeps everything, embedded or named by DATABASE_URL; one process at a time holds it. */
export class Store {
  /** Who else holds it; undefined while that is this process. */
  heldBy: string | undefined;
  private lock: Client;
  private closing = false;

  private constructor(
    private readonly server: string,
    private readonly holder: string,
    private readonly embedded?: EmbeddedPostgres,
  ) {}

  /** `holder` says where this process can be found; whoever opens the store next reads it as `heldBy`. */
  static async open({ DATABASE_URL, DATA_DIR }: StandaloneConfig, holder: string): Promise<Store> {
    const embedded = DATABASE_URL === undefined ? await EmbeddedPostgres.start(DATA_DIR) : undefined;
    const store = new Store(DATABASE_URL ?? embedded!.url(''), holder, embedded);
    await store.hold();
    return store;
  }

  url(database: string): string {
    const url = new URL(this.server);
    url.pathname = `/${database}`;
    return url.href;
  }

  /** For people: where the data are. */
  async place(dataDir: string): Promise<string> {
    if (!this.embedded) return `on ${new URL(this.server).host}`;
    const { folder } = this.embedded;
    const asked = join(await realpath(dataDir), 'postgres');
    return folder === asked
      ? `in ${folder}`
      : `in ${folder}, since PostgreSQL does not run as root and cannot reach ${asked}`;
  }

  /** Stops the embedded server, held until it has ended; one that another process holds is left alone. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.heldBy === undefined) await this.embedded?.stop();
    await this.lock.end().catch(() => undefined);
  }

  /** By a lock of the session, which ends with the process however that ends. */
  private async hold(): Promise<void> {
    const lock = new Client({ connectionString: this.url('postgres'), connectionTimeoutMillis: 10_000 });
    lock.on('error', () => undefined);
    await lock.connect().catch((error: Error) => {
      throw new Error(`PostgreSQL does not answer at ${new URL(this.server).host}: ${error.message}`, { cause: error });
    });
    const { rows } = await lock.query<{ held: boolean }>(`select pg_try_advisory_lock(${LOCK}) as held`);
    if (rows[0]!.held) {
      await lock.query(`select set_config('application_name', $1, false)`, [NAME + this.holder]);
      lock.once('end', () => void this.holdAgain());
    } else {
      const others = `select application_name as name from pg_stat_activity where starts_with(application_name, $1)`;
      const { rows } = await lock.query<{ name: string }>(others, [NAME]);
      this.heldBy = rows[0]?.name.slice(NAME.length) ?? 'another process';
    }
    this.lock = lock;
  }

  /** The server has cut the connection, and the lock with it: it restarts, perhaps. */
  private async holdAgain(): Promise<void> {
    const logger = new Logger(Store.name);
    while (!this.closing) {
      logger.warn('The connection to PostgreSQL is lost: trying again');
      await sleep(HOLD_AGAIN_MS);
      const held = await this.hold().then(
        () => true,
        () => false,
      );
      if (held) break;
    }
    if (this.heldBy === undefined) return;
    logger.error(`The data are now held by ${this.heldBy}: stopping`);
    process.emit('SIGTERM');
  }
}
