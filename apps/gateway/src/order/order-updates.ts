import { type Caller, type OrderClient, type OrderDto, type OrderEvent, orders } from '@app/contracts';
import { InjectClient, Turns } from '@app/messaging';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { OrderListener } from './order-listener.js';

/** Protects the order service from many listeners. */
const MAX_CONCURRENT_READS = 16;

const subscriptions = new Gauge({
  name: 'bazaar_live_subscriptions',
  help: 'Active subscriptions to orders',
  labelNames: ['service'] as const,
});

interface RunningRead {
  /** The version of the event that started the read, which finds this version or a newer one. */
  readonly version: number;
  readonly order: Promise<OrderDto | null>;
}

/**
 * The listeners of this gateway, by order and by customer. An event names the order that changed; the gateway then reads the
 * order with the listener's own caller, so that the order service checks permissions, and once for all listeners of a caller.
 */
@Injectable()
export class OrderUpdates {
  private readonly listeners = new Map<string, Set<OrderListener>>();
  private readonly runningReads = new Map<string, RunningRead>();
  private readonly reads = new Turns(MAX_CONCURRENT_READS);

  constructor(@InjectClient(orders) private readonly orderService: OrderClient) {}

  /** @param orderId if omitted, all orders of the caller. */
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
    const listeners = this.listeners.get(topic);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.listeners.delete(topic);
  }

  private read(caller: Caller, id: string, version: number): Promise<OrderDto | null> {
    const key = `${caller.role} ${caller.userId} ${id}`;
    const running = this.runningReads.get(key);
    if (running && running.version >= version) return running.order;
    const order = this.reads
      .run(() => this.orderService.get({ caller, id }))
      .finally(() => {
        if (this.runningReads.get(key)?.order === order) this.runningReads.delete(key);
      });
    this.runningReads.set(key, { version, order });
    return order;
  }
}

const ofCustomer = (userId: string) => `customer ${userId}`;
const ofOrder = (orderId: string) => `order ${orderId}`;
