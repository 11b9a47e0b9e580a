import {
  AppError,
  CancelReason,
  orders,
  OrderStatus,
  type Event,
  type OrderEvent,
  type ShippingDetails,
} from '@app/contracts';
import { Entity, Enum, Index, ManyToOne, OneToMany, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BigIntType, Collection, type Rel } from '@mikro-orm/postgresql';

/** The statuses before shipping: the order can be cancelled, and it takes a new address of its customer. */
export const OPEN: readonly OrderStatus[] = [OrderStatus.PENDING, OrderStatus.PROCESSING];

/** The statuses that each status may follow. */
export const FOLLOWS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: [],
  PROCESSING: [OrderStatus.PENDING],
  SHIPPED: [OrderStatus.PROCESSING],
  DELIVERED: [OrderStatus.SHIPPED],
  CANCELLED: OPEN,
};

/** The event that announces the change to each status. No order becomes PENDING: `order.placed` announces a new order. */
export const STATUS_EVENTS = {
  PENDING: null,
  PROCESSING: orders.events.processing,
  SHIPPED: orders.events.shipped,
  DELIVERED: orders.events.delivered,
  CANCELLED: orders.events.cancelled,
} satisfies Record<OrderStatus, Event<OrderEvent> | null>;

/** The statuses that an admin sets. The others follow from the stock or from a cancellation. */
const MANUAL: readonly OrderStatus[] = [OrderStatus.SHIPPED, OrderStatus.DELIVERED];

/** An order and its status transitions. `new-order.ts` creates orders and `insert-order.ts` stores them. */
@Entity({ tableName: 'orders' })
@Index({ properties: ['userId', 'id'] })
@Index({ properties: ['userId', 'status', 'id'] })
@Index({ properties: ['status', 'id'] })
@Unique({ properties: ['userId', 'idempotencyKey'], where: 'idempotency_key is not null' })
export class Order {
  /** Time-ordered: newest first is the primary key in descending order. */
  @PrimaryKey({ type: 'uuid' }) id: string;
  @Property({ type: 'uuid' }) userId: string;
  @Enum({ items: () => OrderStatus }) status: OrderStatus;
  @Enum({ items: () => CancelReason, nullable: true }) cancelReason: CancelReason | null;
  @Property({ type: new BigIntType('number') }) totalCents: number;
  @Property({ type: 'json' }) shipping: ShippingDetails;
  /** The version of the customer that `shipping` was copied from. */
  @Property({ type: 'int' }) shippingVersion: number;
  /** Counts changes. Events carry it, so that consumers can tell the newer of two. */
  @Property({ type: 'int' }) version: number;
  @Property() createdAt: Date;
  @Property() updatedAt: Date;
  /** The idempotency key that the order was placed with, and the hash of its input (`idempotency.ts`). */
  @Property({ type: 'text', nullable: true, lazy: true }) idempotencyKey: string | null;
  @Property({ type: 'text', nullable: true, lazy: true }) idempotencyHash: string | null;
  @OneToMany(() => OrderItem, (item) => item.order, { orderBy: { id: 'asc' } }) items = new Collection<OrderItem>(this);

  /** Sets a status that an admin reports: SHIPPED, then DELIVERED. */
  advance(status: OrderStatus) {
    if (!MANUAL.includes(status)) throw this.conflictWith(status);
    this.become(status);
  }

  cancel(reason: CancelReason) {
    this.become(OrderStatus.CANCELLED);
    this.cancelReason = reason;
  }

  private become(status: OrderStatus) {
    if (!FOLLOWS[status].includes(this.status)) throw this.conflictWith(status);
    if (status === OrderStatus.SHIPPED && !this.shipping.shippingAddress.trim())
      throw new AppError('SHIPPING_ADDRESS_MISSING', 'The order has no shipping address');
    this.status = status;
    this.version++;
    this.updatedAt = new Date();
  }

  private conflictWith(status: OrderStatus): AppError {
    return new AppError('ORDER_STATUS_CONFLICT', `The order is ${this.status} and cannot become ${status}`, {
      status: this.status,
    });
  }

  toEvent(): OrderEvent {
    return { orderId: this.id, userId: this.userId, version: this.version };
  }
}

@Entity({ tableName: 'order_items' })
// The items that `ItemBackfill` still has to fill, in its order.
@Index({ name: 'order_items_without_name_index', properties: ['productId', 'id'], where: 'product_name is null' })
export class OrderItem {
  @PrimaryKey({ type: 'uuid' }) id: string;
  @ManyToOne(() => Order, { deleteRule: 'cascade' }) @Index() order: Rel<Order>;
  @Property({ type: 'uuid' }) productId: string;
  @Property({ type: 'int' }) quantity: number;
  /** The price of one unit when the order was placed. */
  @Property({ type: new BigIntType('number'), fieldName: 'unit_price_cents', nullable: true }) priceCents: number;
  /** Instances of the previous release read and write this price, and a trigger keeps both equal. The next release removes it. */
  @Property({ type: 'int', fieldName: 'price_cents', nullable: true, lazy: true }) readonly intPriceCents?: number;
  /** The name and the seller of the product when the order was placed. Null if they are not known, or not yet. */
  @Property({ type: 'text', nullable: true }) productName: string | null;
  @Property({ type: 'uuid', nullable: true }) sellerId: string | null;
}
