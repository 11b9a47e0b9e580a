import type { OrderLine } from '@app/contracts';
import { Entity, Enum, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

export enum ReservationStatus {
  /** Its lines are out of the products' stock. */
  RESERVED = 'RESERVED',
  /** It took nothing, since not all of it could be had. */
  REJECTED = 'REJECTED',
  /** Its lines have left with the order. */
  SHIPPED = 'SHIPPED',
  /** The order was cancelled: it took nothing, or gave it back. */
  RELEASED = 'RELEASED',
}

/** What became of one order's wish for stock. One row per order, whatever comes twice or in the wrong order. */
@Entity({ tableName: 'reservations' })
export class Reservation {
  @PrimaryKey({ type: 'uuid' }) orderId: string;
  @Enum({ items: () => ReservationStatus }) status: ReservationStatus;
  @Property({ type: 'json' }) lines: OrderLine[];
  @Property() createdAt: Date = new Date();

  constructor(orderId: string, status: ReservationStatus, lines: OrderLine[]) {
    this.orderId = orderId;
    this.status = status;
    this.lines = lines;
  }
}
