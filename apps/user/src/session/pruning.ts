import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

const HOUR_MS = 3_600_000;
const PORTION = 10_000;

/** What is of no use any more: sessions that have expired, and failures to log in that were a day ago. */
const STALE = [
  { table: 'sessions', key: 'id', where: 'expires_at < now()' },
  { table: 'login_failures', key: 'email_hash', where: `last_failed_at < now() - interval '1 day'` },
];

/** Keeps tables from growing for ever; in portions, so that nothing waits long for the rows. */
@Injectable()
export class Pruning implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Pruning.name);
  private running: Promise<void> = Promise.resolve();
  private hourly?: NodeJS.Timeout;
  private stopped = false;

  constructor(private readonly em: EntityManager) {}

  onApplicationBootstrap() {
    const prune = () => {
      this.running = this.prune().catch((error: unknown) => this.logger.warn(String(error)));
    };
    prune();
    this.hourly = setInterval(prune, HOUR_MS);
  }

  async onModuleDestroy() {
    this.stopped = true;
    clearInterval(this.hourly);
    await this.running;
  }

  private async prune(): Promise<void> {
    for (const { table, key, where } of STALE) {
      const portion = `delete from ${table} where ${key} in
        (select ${key} from ${table} where ${where} limit ${PORTION} for update skip locked) returning 1`;
      let pruned = PORTION;
      while (pruned === PORTION && !this.stopped) pruned = (await this.em.fork().execute<unknown[]>(portion)).length;
    }
  }
}
