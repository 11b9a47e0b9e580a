import {
  AppError,
  CancelReason,
  fromCents,
  OrderStatus,
  type OrderDto,
  type OrderEvent,
  type OrderItemDto,
  type ShippingDetails,
} from '@app/contracts';
import { Entity, Enum, Index, ManyToOne, OneToMany, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BigIntType, Collection, type Rel } from '@mikro-orm/postgresql';

/** Which statuses each may follow. */
export const FOLLOWS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: [],
  PROCESSING: [OrderStatus.PENDING],
  SHIPPED: [OrderStatus.PROCESSING],
  DELIVERED: [OrderStatus.SHIPPED],
  CANCELLED: [OrderStatus.PENDING, OrderStatus.PROCESSING],
};

/** The statuses that somebody sets by hand; the others come of what happens to the stock, or of a cancellation. */
const SET_BY_HAND: readonly OrderStatus[] = [OrderStatus.SHIPPED, OrderStatus.DELIVERED];

/** The entity guards its transitions; `insert-order.ts` is how a row of it comes to be. */
@Entity({ tableName: 'orders' })
@Index({ properties: ['userId', 'id'] })
@Index({ properties: ['userId', 'status', 'id'] })
@Index({ properties: ['status', 'id'] })
@Unique({ properties: ['userId', 'idempotencyKey'], where: 'idempotency_key is not null' })
export class Order {
  /** Time-ordered, so that newest first is the primary key backwards. */
  @PrimaryKey({ type: 'uuid' }) id: string;
  @Property({ type: 'uuid' }) userId: string;
  @Enum({ items: () => OrderStatus }) status: OrderStatus;
  @Enum({ items: () => CancelReason, nullable: true }) cancelReason: CancelReason | null;
  @Property({ type: new BigIntType('number') }) totalCents: number;
  @Property({ type: 'json' }) shipping: ShippingDetails;
  /** The customer's version that `shipping` is of. */
  @Property({ type: 'int' }) shippingVersion: number;
  /** Counts changes; events carry it, so that the newer of two is known. */
  @Property({ type: 'int' }) version: number;
  @Property() createdAt: Date;
  @Property() updatedAt: Date;
  /** The customer's name for the call that placed it, and what was ordered by that (`idempotency.ts`). */
  @Property({ type: 'text', nullable: true, lazy: true }) idempotencyKey: string | null;
  @Property({ type: 'text', nullable: true, lazy: true }) idempotencyHash: string | null;
  @OneToMany(() => OrderItem, (item) => item.order, { orderBy: { id: 'asc' } }) items = new Collection<OrderItem>(this);

  /** A step that an admin reports: SHIPPED, then DELIVERED. */
  advance(status: OrderStatus) {
    if (!SET_BY_HAND.includes(status)) throw this.conflictWith(status);
    this.become(status);
  }

  cancel(reason: CancelReason) {
    this.become(OrderStatus.CANCELLED);
    this.cancelReason = reason;
  }

  private become(status: OrderStatus) {
    if (!FOLLOWS[status].includes(this.status)) throw this.conflictWith(status);
    if (status === OrderStatus.SHIPPED && !this.shipping.shippingAddress.trim())
      throw new AppError('SHIPPING_ADDRESS_MISSING', 'The order has no address to be shipped to');
    this.status = status;
    this.version++;
    this.updatedAt = new Date();
  }

  private conflictWith(status: OrderStatus): AppError {
    return new AppError('ORDER_STATUS_CONFLICT', `An order that is ${this.status} cannot be made ${status}`, {
      status: this.status,
    });
  }

  toEvent(): OrderEvent {
    return { orderId: this.id, userId: this.userId, version: this.version };
  }

  toDto(): OrderDto {
    const { id, userId, status, cancelReason, totalCents, createdAt, updatedAt, version } = this;
    const { shippingAddress, pincode, city, country, phoneNumber } = this.shipping;
    return {
      id,
      userId,
      items: this.items.map((item) => item.toDto()),
      total: fromCents(totalCents),
      status,
      cancelReason,
      shippingAddress,
      pincode,
      city,
      country,
      phoneNumber,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
      version,
    };
  }
}

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
