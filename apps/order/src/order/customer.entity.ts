import type { ShippingDetails } from '@app/contracts';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A copy of a user's shipping details, from events and replies. It is used while the user service does not answer. */
@Entity({ tableName: 'customers' })
export class Customer {
  @PrimaryKey({ type: 'uuid' }) id: string;
  @Property({ type: 'json' }) shipping: ShippingDetails;
  /** The version of the user that was copied. */
  @Property({ type: 'int' }) version: number;
}
