import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_READDRESSED, type OrderDto } from '@app/contracts';
import { currentScope, currentTraceparent, runWithTrace } from '@app/telemetry';
import { SlowConsumer } from '../subscriptions/slow-consumer.error.js';
import type { Update } from '../subscriptions/subscription-operation.js';

/** The most orders that wait for one listener: as many as one event may name. */
const MAX_WAITING = MAX_READDRESSED;
/** Milliseconds until a failed read is retried. */
const RETRY_MS = 1_000;

interface Change {
  readonly version: number;
  /** Of the event. */
  readonly traceparent: string | undefined;
}

export interface OrderUpdate extends Update {
  readonly order: OrderDto;
}

/** Reads the current order, which has this version or a newer one. */
export type ReadOrder = (orderId: string, version: number) => Promise<OrderDto | null>;

/**
 * The updates of one subscription. Only the ids of changed orders wait: each order is read when the subscriber takes its update,
 * so that a burst becomes one update with the newest state, and a slow subscriber costs no reads.
 */
export class OrderListener implements AsyncIterableIterator<OrderUpdate> {
  /** The newest announced version by order, the oldest change first. */
  private readonly waiting = new Map<string, Change>();
  /** Last version delivered, per order; of the orders delivered most recently. */
  private readonly delivered = new Map<string, number>();
  private state: 'listening' | 'overflowed' | 'left' = 'listening';
  private wake = () => {};

  constructor(
    private readonly read: ReadOrder,
    private readonly onLeave: () => void,
  ) {}

  /** Called for each event; events can be duplicates or out of order. */
  changed(orderId: string, version: number): void {
    if (version <= (this.delivered.get(orderId) ?? 0)) return;
    const known = this.waiting.get(orderId);
    if (!known || known.version < version) this.waiting.set(orderId, { version, traceparent: currentTraceparent() });
    if (this.waiting.size > MAX_WAITING) this.leave('overflowed');
    this.wake();
  }

  /** @throws SlowConsumer if too many orders have changed since the last call. */
  async next(): Promise<IteratorResult<OrderUpdate, undefined>> {
    while (this.state === 'listening') {
      const [longest] = this.waiting;
      const update = longest ? await this.newState(...longest) : await this.change();
      if (update && this.state === 'listening') return { value: update, done: false };
    }
    if (this.state === 'overflowed') throw new SlowConsumer();
    return { value: undefined, done: true };
  }

  /** Also ends a pending `next`, which `return` of an async generator would wait for. */
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

  /** Undefined if the listener has this version already, or may not see the order. */
  private async newState(orderId: string, { version, traceparent }: Change): Promise<OrderUpdate | undefined> {
    let order: OrderDto | null;
    try {
      order = await runWithTrace(traceparent, () => this.read(orderId, version), currentScope());
    } catch {
      // The order service is unavailable. The order moves to the end of the queue.
      const newest = this.waiting.get(orderId);
      if (newest && this.waiting.delete(orderId)) this.waiting.set(orderId, newest);
      await sleep(RETRY_MS, undefined, { ref: false });
      return undefined;
    }
    const newest = Math.max(version, order?.version ?? 0);
    if ((this.waiting.get(orderId)?.version ?? 0) <= newest) this.waiting.delete(orderId);
    if (!order || order.version <= (this.delivered.get(orderId) ?? 0)) return undefined;
    this.remember(order);
    return { order, traceparent };
  }

  private remember({ id, version }: OrderDto): void {
    this.delivered.delete(id);
    this.delivered.set(id, version);
    const [oldest] = this.delivered.keys();
    if (this.delivered.size > MAX_WAITING && oldest !== undefined) this.delivered.delete(oldest);
  }

  private leave(state: 'overflowed' | 'left'): void {
    if (this.state !== 'listening') return;
    this.state = state;
    this.waiting.clear();
    this.onLeave();
    this.wake();
  }
}
