import type { ErrorData } from '@app/contracts';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** The outcome of a customer's idempotency key: the order with that key, or a final error (`idempotency.ts`). */
@Entity({ tableName: 'idempotency_keys' })
export class IdempotencyKey {
  @PrimaryKey({ type: 'uuid' }) userId: string;
  @PrimaryKey({ type: 'text' }) key: string;
  /** A hash of the customer, the lines in any order, and the expected amounts. */
  @Property({ type: 'text' }) hash: string;
  /** The final error; null if an order was placed. */
  @Property({ type: 'json', nullable: true }) refusal: ErrorData | null;
  @Property({ defaultRaw: 'now()' }) createdAt: Date;
}

/** A customer's key for one order, and a hash of what it orders. */
export type KeyedOrder = Pick<IdempotencyKey, 'userId' | 'key' | 'hash'>;
