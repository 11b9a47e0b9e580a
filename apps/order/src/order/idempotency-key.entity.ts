import type { ErrorData } from '@app/contracts';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** The outcome of a customer's idempotency key: the order that has the key, or a refusal (`idempotency.ts`). */
@Entity({ tableName: 'idempotency_keys' })
export class IdempotencyKey {
  @PrimaryKey({ type: 'uuid' }) userId: string;
  @PrimaryKey({ type: 'text' }) key: string;
  /** Of who orders what; the order of the lines does not count. */
  @Property({ type: 'text' }) hash: string;
  /** Null where an order was placed. */
  @Property({ type: 'json', nullable: true }) refusal: ErrorData | null;
  @Property({ defaultRaw: 'now()' }) createdAt: Date;
}

/** A customer's key for one order, and a hash of what it orders. */
export type KeyedOrder = Pick<IdempotencyKey, 'userId' | 'key' | 'hash'>;
