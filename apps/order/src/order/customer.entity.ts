import type { ShippingDetails } from '@app/contracts';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** What this service knows of a user, learnt from events and answers: it serves while the user service does not answer. */
@Entity({ tableName: 'customers' })
export class Customer {
  @PrimaryKey({ type: 'uuid' }) id: string;
  @Property({ type: 'json' }) shipping: ShippingDetails;
  /** The user's version that this is a copy of. */
  @Property({ type: 'int' }) version: number;
}
