import type { ErrorData } from '@app/contracts';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A change of stock with an idempotency key, and its outcome. */
@Entity({ tableName: 'stock_adjustments' })
export class StockAdjustment {
  /** The caller. Keys of different callers are different keys. */
  @PrimaryKey({ type: 'uuid' }) userId: string;
  @PrimaryKey({ type: 'text' }) key: string;
  @Property({ type: 'uuid' }) productId: string;
  @Property({ type: 'int' }) delta: number;
  /** The error, or null if the stock was changed. */
  @Property({ type: 'json', nullable: true }) refusal: ErrorData | null;
  @Property({ defaultRaw: 'now()' }) createdAt: Date;
}
