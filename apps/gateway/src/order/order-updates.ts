import { type Caller, type OrderClient, type OrderDto, type OrderEvent, orders } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { OrderListener } from './order-listener.js';

/** However many listen: the order service has more to do than to tell them. */
const READS_AT_ONCE = 16;

const subscriptions = new Gauge({
  name: 'bazaar_live_subscriptions',
  help: 'Subscriptions to orders',
  labelNames: ['service'] as const,
});

interface Reading {
  /** Of the event that it was begun for: it finds that version or a newer one. */
  readonly version: number;
  readonly order: Promise<OrderDto | null>;
}

/**
 * Who listens to which orders at this gateway. Events tell which order has changed; what it is now, and whether the listener
 * may see it, the order service says, asked with the listener's own caller and once for all of that caller's listeners.
 */
@Injectable()
export class OrderUpdates {
  private readonly listeners = new Map<string, Set<OrderListener>>();
  private readonly readings = new Map<string, Reading>();
  /** Reads that wait for their turn. */
  private readonly queue: (() => void)[] = [];
  private reads = 0;

  constructor(@InjectClient(orders) private readonly orderService: OrderClient) {}

  /** @param orderId where left out, every order whose customer the caller is. */
  listen(caller: Caller, orderId?: string): OrderListener {
    const topic = orderId === undefined ? ofCustomer(caller.userId) : ofOrder(orderId);
    const listener = new OrderListener(
      (id, version) => this.read(caller, id, version),
      () => this.leave(topic, listener),
    );
    subscriptions.inc({ service: 'gateway' });
    const others = this.listeners.get(topic);
    if (others) others.add(listener);
    else this.listeners.set(topic, new Set([listener]));
    return listener;
  }

  changed({ orderId, userId, version }: OrderEvent): void {
    for (const topic of [ofOrder(orderId), ofCustomer(userId)])
      for (const listener of this.listeners.get(topic) ?? []) listener.changed(orderId, version);
  }

  private leave(topic: string, listener: OrderListener): void {
    subscriptions.dec({ service: 'gateway' });
    const those = this.listeners.get(topic);
    those?.delete(listener);
    if (those?.size === 0) this.listeners.delete(topic);
  }

  private read(caller: Caller, id: string, version: number): Promise<OrderDto | null> {
    const key = `${caller.role} ${caller.userId} ${id}`;
    const running = this.readings.get(key);
    if (running && running.version >= version) return running.order;
    const order = this.inTurn(() => this.orderService.get({ caller, id })).finally(() => {
      if (this.readings.get(key)?.order === order) this.readings.delete(key);
    });
    this.readings.set(key, { version, order });
    return order;
  }

  private async inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.reads === READS_AT_ONCE) await new Promise<void>((resolve) => this.queue.push(resolve));
    else this.reads++;
    try {
      return await read();
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.reads--;
    }
  }
}

const ofCustomer = (userId: string) => `customer ${userId}`;
const ofOrder = (orderId: string) => `order ${orderId}`;
