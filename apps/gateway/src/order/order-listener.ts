import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_READDRESSED, type OrderDto } from '@app/contracts';
import { currentScope, currentTraceparent, runWithTrace } from '@app/telemetry';
import { FellBehind } from '../subscriptions/fell-behind.js';
import type { Update } from '../subscriptions/subscription-operation.js';

/** The most orders whose changes wait for one listener: as many as one event may name. */
const MOST_WAITING = MAX_READDRESSED;
/** Milliseconds until an order that could not be read is read again. */
const RETRY_MS = 1_000;

interface Change {
  readonly version: number;
  /** Of the event that told of it. */
  readonly traceparent: string | undefined;
}

export interface OrderUpdate extends Update {
  readonly order: OrderDto;
}

/** Reads an order as it is now, which is that version of it or a newer one. */
export type ReadOrder = (orderId: string, version: number) => Promise<OrderDto | null>;

/**
 * The changes of orders, as one subscription takes them. What waits is which orders have changed: each is read only when
 * its turn has come, so that a burst becomes one update with the newest state, and who does not read costs nothing.
 */
export class OrderListener implements AsyncIterableIterator<OrderUpdate> {
  /** The newest version heard of; the order that waits longest first. */
  private readonly waiting = new Map<string, Change>();
  /** The version that was told last, of the orders told of last. */
  private readonly told = new Map<string, number>();
  private state: 'listening' | 'behind' | 'left' = 'listening';
  private wake = () => {};

  constructor(
    private readonly read: ReadOrder,
    private readonly left: () => void,
  ) {}

  /** An event came: it may come twice, and after a newer one. */
  changed(orderId: string, version: number): void {
    if (version <= (this.told.get(orderId) ?? 0)) return;
    const known = this.waiting.get(orderId);
    if (!known || known.version < version) this.waiting.set(orderId, { version, traceparent: currentTraceparent() });
    if (this.waiting.size > MOST_WAITING) this.leave('behind');
    this.wake();
  }

  /** @throws FellBehind when too many orders have changed since the last call. */
  async next(): Promise<IteratorResult<OrderUpdate, undefined>> {
    while (this.state === 'listening') {
      const [longest] = this.waiting;
      const update = longest ? await this.newState(...longest) : await this.change();
      if (update && this.state === 'listening') return { value: update, done: false };
    }
    if (this.state === 'behind') throw new FellBehind();
    return { value: undefined, done: true };
  }

  /** Ends a `next` that waits, too; that of an async generator would wait with it. */
  async return(): Promise<IteratorResult<OrderUpdate, undefined>> {
    this.leave('left');
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  private change(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  /** Undefined when nothing of it is new to the listener. */
  private async newState(orderId: string, { version, traceparent }: Change): Promise<OrderUpdate | undefined> {
    let order: OrderDto | null;
    try {
      order = await runWithTrace(traceparent, () => this.read(orderId, version), currentScope());
    } catch {
      // The service that would know is away, and health and logs say so. Other orders have their turn first.
      const newest = this.waiting.get(orderId);
      if (newest && this.waiting.delete(orderId)) this.waiting.set(orderId, newest);
      await sleep(RETRY_MS, undefined, { ref: false });
      return undefined;
    }
    const newest = Math.max(version, order?.version ?? 0);
    if ((this.waiting.get(orderId)?.version ?? 0) <= newest) this.waiting.delete(orderId);
    if (!order || order.version <= (this.told.get(orderId) ?? 0)) return undefined;
    this.remember(order);
    return { order, traceparent };
  }

  private remember({ id, version }: OrderDto): void {
    this.told.delete(id);
    this.told.set(id, version);
    const [oldest] = this.told.keys();
    if (this.told.size > MOST_WAITING && oldest !== undefined) this.told.delete(oldest);
  }

  private leave(state: 'behind' | 'left'): void {
    if (this.state !== 'listening') return;
    this.state = state;
    this.waiting.clear();
    this.left();
    this.wake();
  }
}
