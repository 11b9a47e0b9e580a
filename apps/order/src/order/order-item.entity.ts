import { fromCents, type OrderItemDto } from '@app/contracts';
import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { type Rel } from '@mikro-orm/postgresql';
import { Order } from './order.entity.js';

@Entity({ tableName: 'order_items' })
export class OrderItem {
  @PrimaryKey({ type: 'uuid' }) id: string;
  @ManyToOne(() => Order, { deleteRule: 'cascade' }) @Index() order: Rel<Order>;
  @Property({ type: 'uuid' }) productId: string;
  @Property({ type: 'int' }) quantity: number;
  /** Of one unit, when the order was placed. */
  @Property({ type: 'int' }) priceCents: number;

  toDto(): OrderItemDto {
    const { id, productId, quantity, priceCents } = this;
    return { id, productId, quantity, price: fromCents(priceCents) };
  }
}
