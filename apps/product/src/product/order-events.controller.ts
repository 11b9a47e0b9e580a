import { orders, products, type OrderEvent, type OrderLine, type OrderPlaced, type ProductStock } from '@app/contracts';
import { OnEvent, Outbox } from '@app/messaging';
import { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Controller, Logger } from '@nestjs/common';
import { rejectionReason, type ProductUnderLock } from './reserve-stock.js';
import { Reservation, ReservationStatus } from './reservation.entity.js';
import { countReservations } from './stock-metrics.js';

/** The largest `int` of PostgreSQL. */
const MAX_INT = 2_147_483_647;

/** Reserves, releases and ships stock. The table `reservations` makes the handlers idempotent and independent of the events' order. */
@Controller()
export class OrderEventsController {
  private readonly logger = new Logger(OrderEventsController.name);

  constructor(
    private readonly em: EntityManager,
    private readonly outbox: Outbox,
  ) {}

  @OnEvent(orders.events.placed)
  async reserve({ orderId, lines }: OrderPlaced): Promise<void> {
    if (!(await this.isFirst(new Reservation(orderId, ReservationStatus.RESERVED, lines)))) return;
    const reason = rejectionReason(lines, await this.lock(lines));
    countReservations(reason ?? 'reserved');
    if (reason) {
      await this.em.nativeUpdate(Reservation, { orderId }, { status: ReservationStatus.REJECTED });
      this.outbox.add(products.events.stockRejected, { orderId, reason });
    } else {
      await this.take(lines);
      this.outbox.add(products.events.stockReserved, { orderId });
    }
  }

  @OnEvent(orders.events.cancelled)
  async release({ orderId }: OrderEvent): Promise<void> {
    // The cancelled event came before the placed event: `reserve` will find this row and do nothing.
    if (await this.isFirst(new Reservation(orderId, ReservationStatus.RELEASED, []))) return;
    const reservation = await this.em.findOneOrFail(Reservation, { orderId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (reservation.status !== ReservationStatus.RESERVED) return;
    reservation.status = ReservationStatus.RELEASED;
    await this.giveBack(reservation.lines);
  }

  /** An order is shipped after its stock was reserved, so a reservation that is not RESERVED was shipped by an earlier event. */
  @OnEvent(orders.events.shipped)
  async ship({ orderId }: OrderEvent): Promise<void> {
    const [shipped] = await this.em.execute<{ lines: OrderLine[] }[]>(
      `update reservations set status = 'SHIPPED' where order_id = ? and status = 'RESERVED' returning lines`,
      [orderId],
    );
    if (!shipped) return;
    await this.lock(shipped.lines);
    await this.change(shipped.lines, 'reserved = greatest(p.reserved - l.quantity, 0)');
  }

  /** Whether this is the first event of the order. Concurrent handlers wait for each other at the primary key. */
  private async isFirst({ orderId, status, lines, createdAt }: Reservation): Promise<boolean> {
    const inserted = await this.em.execute<unknown[]>(
      `insert into reservations (order_id, status, lines, created_at) values (?, ?, ?, ?)
       on conflict do nothing returning order_id`,
      [orderId, status, JSON.stringify(lines), createdAt],
    );
    return inserted.length === 1;
  }

  /** Locks in the order of the ids, so that orders of the same products cannot deadlock. */
  private lock(lines: OrderLine[]): Promise<ProductUnderLock[]> {
    return this.em.execute(
      `select id, stock, deleted_at is null as available from products where id = any(?::uuid[]) order by id for update`,
      [`{${lines.map(({ productId }) => productId).join(',')}}`],
    );
  }

  private async take(lines: OrderLine[]): Promise<void> {
    await this.changeStock(
      lines,
      `stock = p.stock - l.quantity, reserved = least(p.reserved::bigint + l.quantity, ${MAX_INT})`,
    );
  }

  /**
   * Returns units, also to deleted products. A product from before stock had a limit may be unable to hold them all. It loses
   * the rest, so that the other products get theirs.
   */
  private async giveBack(lines: OrderLine[]): Promise<void> {
    const stockOf = new Map((await this.lock(lines)).map(({ id, stock }) => [id, stock]));
    for (const { productId, quantity } of lines) {
      const lost = (stockOf.get(productId) ?? 0) + quantity - MAX_INT;
      if (lost > 0)
        this.logger.error(`Product ${productId} is full: ${lost} of the ${quantity} returned units are lost`);
    }
    await this.changeStock(
      lines,
      `stock = least(p.stock::bigint + l.quantity, ${MAX_INT}), reserved = greatest(p.reserved - l.quantity, 0)`,
    );
  }

  private async changeStock(lines: OrderLine[], set: string): Promise<void> {
    const changed = await this.change(lines, `${set}, version = p.version + 1, updated_at = now()`);
    this.outbox.add(products.events.stockChanged, { products: changed });
  }

  /** `set` refers to the product as `p` and to its line as `l`. The caller has locked the products. */
  private change(lines: OrderLine[], set: string): Promise<ProductStock[]> {
    return this.em.execute<ProductStock[]>(
      `update products p set ${set} from unnest(?::uuid[], ?::int[]) as l (id, quantity) where p.id = l.id
       returning p.id as "productId", p.version, p.stock`,
      [
        `{${lines.map(({ productId }) => productId).join(',')}}`,
        `{${lines.map(({ quantity }) => quantity).join(',')}}`,
      ],
    );
  }
}
