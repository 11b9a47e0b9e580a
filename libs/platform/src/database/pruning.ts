import type { EntityManager } from '@mikro-orm/postgresql';
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

const HOUR_MS = 3_600_000;
/** Rows per statement: few enough to stay well within the statement timeout. */
const BATCH_SIZE = 5_000;

/** Rows that a service can delete. */
export interface StaleRows {
  readonly table: string;
  readonly where: string;
}

/** No event is redelivered after a week. */
export const OLD_INBOX_ROWS: StaleRows = { table: 'inbox', where: `handled_at < now() - interval '7 days'` };

/** Deletes stale rows at startup and then hourly, in batches, so that no lock is held for long. */
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
      const deleteBatch = `delete from ${table} where ctid = any (array(
        select ctid from ${table} where ${where} limit ${BATCH_SIZE} for update skip locked)) returning 1`;
      let pruned = BATCH_SIZE;
      while (pruned === BATCH_SIZE && !this.stopped)
        pruned = (await this.em.fork().execute<unknown[]>(deleteBatch)).length;
    }
  }
}
