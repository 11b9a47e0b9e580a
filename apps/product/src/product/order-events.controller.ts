import { orders, products, type OrderEvent, type OrderLine, type OrderPlaced } from '@app/contracts';
import { OnEvent, Outbox } from '@app/messaging';
import { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { whyNotReserved, type ProductUnderLock } from './reserve-stock.js';
import { Reservation, ReservationStatus } from './reservation.entity.js';
import { countReservations } from './stock-metrics.js';

/** What orders do to the stock. Each handler is one transaction; `reservations` makes repeats and any order of them harmless. */
@Controller()
export class OrderEventsController {
  constructor(
    private readonly em: EntityManager,
    private readonly outbox: Outbox,
  ) {}

  @OnEvent(orders.events.placed)
  async reserve({ orderId, lines }: OrderPlaced): Promise<void> {
    if (!(await this.isFirst(new Reservation(orderId, ReservationStatus.RESERVED, lines)))) return;
    const reason = whyNotReserved(lines, await this.lock(lines));
    countReservations(reason ?? 'reserved');
    if (reason) {
      await this.em.nativeUpdate(Reservation, { orderId }, { status: ReservationStatus.REJECTED });
      this.outbox.add(products.events.stockRejected, { orderId, reason });
    } else {
      await this.move(lines, -1);
      this.outbox.add(products.events.stockReserved, { orderId });
    }
  }

  @OnEvent(orders.events.cancelled)
  async release({ orderId }: OrderEvent): Promise<void> {
    // Cancelled before placed was heard: the row that this leaves is what `reserve` will find.
    if (await this.isFirst(new Reservation(orderId, ReservationStatus.RELEASED, []))) return;
    const reservation = await this.em.findOneOrFail(Reservation, { orderId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (reservation.status !== ReservationStatus.RESERVED) return;
    reservation.status = ReservationStatus.RELEASED;
    await this.lock(reservation.lines);
    await this.move(reservation.lines, +1);
  }

  /** Waits for whoever else is at this order's row, so that one of them alone is the first. */
  private async isFirst({ orderId, status, lines, createdAt }: Reservation): Promise<boolean> {
    const inserted = await this.em.execute<unknown[]>(
      `insert into reservations (order_id, status, lines, created_at) values (?, ?, ?, ?)
       on conflict do nothing returning order_id`,
      [orderId, status, JSON.stringify(lines), createdAt],
    );
    return inserted.length === 1;
  }

  /** In the order of their ids, so that two orders of the same products wait for each other instead of deadlocking. */
  private lock(lines: OrderLine[]): Promise<ProductUnderLock[]> {
    return this.em.execute(
      `select id, stock, deleted_at is null as available from products where id = any(?::uuid[]) order by id for update`,
      [`{${lines.map(({ productId }) => productId).join(',')}}`],
    );
  }

  /** Takes the lines out of the stock (-1) or gives them back (+1); deleted products too get theirs back. */
  private async move(lines: OrderLine[], direction: 1 | -1) {
    const changed = await this.em.execute<{ productId: string; version: number; stock: number }[]>(
      `update products p set stock = p.stock + l.quantity, version = p.version + 1
       from unnest(?::uuid[], ?::int[]) as l (id, quantity) where p.id = l.id
       returning p.id as "productId", p.version, p.stock`,
      [
        `{${lines.map(({ productId }) => productId).join(',')}}`,
        `{${lines.map(({ quantity }) => direction * quantity).join(',')}}`,
      ],
    );
    this.outbox.add(products.events.stockChanged, { products: changed });
  }
}
