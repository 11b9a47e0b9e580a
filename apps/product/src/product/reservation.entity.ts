import type { OrderLine } from '@app/contracts';
import { Entity, Enum, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

export enum ReservationStatus {
  /** Its units have been taken from the stock. */
  RESERVED = 'RESERVED',
  /** No stock was taken, because not all lines were available. */
  REJECTED = 'REJECTED',
  /** Its units have been shipped. */
  SHIPPED = 'SHIPPED',
  /** The order was cancelled. Its units have been returned, or none were taken. */
  RELEASED = 'RELEASED',
}

/** The state of an order's stock: one row per order, however often and in which order its events arrive. */
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
