import type { EntityManager } from '@mikro-orm/postgresql';
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

const HOUR_MS = 3_600_000;
/** Few enough to be deleted well within the time that a statement may take. */
const PORTION = 5_000;

/** Rows that a service no longer needs. */
export interface StaleRows {
  readonly table: string;
  readonly where: string;
}

/** No broker sends an event again after a week. */
export const OLD_INBOX_ROWS: StaleRows = { table: 'inbox', where: `handled_at < now() - interval '7 days'` };

/** Deletes stale rows at the start and then hourly; in portions, so that nothing waits long for the rows. */
export class Pruning implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Pruning.name);
  private running: Promise<void> = Promise.resolve();
  private hourly?: NodeJS.Timeout;
  private stopped = false;

  constructor(
    private readonly em: EntityManager,
    private readonly stale: readonly StaleRows[],
  ) {}

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
    for (const { table, where } of this.stale) {
      const portion = `delete from ${table} where ctid = any (array(
        select ctid from ${table} where ${where} limit ${PORTION} for update skip locked)) returning 1`;
      let pruned = PORTION;
      while (pruned === PORTION && !this.stopped) pruned = (await this.em.fork().execute<unknown[]>(portion)).length;
    }
  }
}
