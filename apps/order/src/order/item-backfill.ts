import { products, type ProductClient } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';

/** Instances of an earlier release may place orders until the upgrade is complete. */
const INTERVAL_MS = 3_600_000;
const RETRY_MS = 10_000;
/** Items per statement, and so at most this many products per request. */
const BATCH_SIZE = 1_000;
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Gives items that were ordered in an earlier release the name and the seller that their product has now. It runs at startup and
 * then hourly, in batches. An item has a name only once, so repeated and concurrent runs change nothing. Items of products that
 * the product service does not know stay without a name.
 */
@Injectable()
export class ItemBackfill implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ItemBackfill.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly em: EntityManager,
    @InjectClient(products) private readonly products: ProductClient,
  ) {}

  onApplicationBootstrap() {
    this.running = this.run();
  }

  async onModuleDestroy() {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const pauseMs = await this.fill().then(
        () => INTERVAL_MS,
        (error: unknown) => {
          this.logger.warn(`Order items wait for the names of their products: ${String(error)}`);
          return RETRY_MS;
        },
      );
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async fill(): Promise<void> {
    let after = { productId: NIL_UUID, id: NIL_UUID };
    while (!this.stopping.signal.aborted) {
      const items = await this.em.fork().execute<(typeof after)[]>(
        `select id, product_id as "productId" from order_items
         where product_name is null and (product_id, id) > (:productId::uuid, :id::uuid)
         order by product_id, id limit ${BATCH_SIZE}`,
        after,
      );
      if (items.length === 0) return;
      const ids = [...new Set(items.map(({ productId }) => productId))];
      await this.name(items, await this.products.summaries({ ids }));
      after = items.at(-1)!;
    }
  }

  /** Skips items that another instance is naming. */
  private async name(items: { id: string }[], summaries: object[]): Promise<void> {
    await this.em.fork().execute(
      `update order_items i set product_name = product.name, seller_id = product."sellerId"
       from jsonb_to_recordset(:summaries) as product (id uuid, name text, "sellerId" uuid)
       where i.product_id = product.id and i.id in (
         select id from order_items where id = any(:ids::uuid[]) and product_name is null for update skip locked
       )`,
      { summaries: JSON.stringify(summaries), ids: `{${items.map(({ id }) => id).join(',')}}` },
    );
  }
}
