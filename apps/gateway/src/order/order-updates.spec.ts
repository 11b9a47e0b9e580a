import { randomUUID } from 'node:crypto';
import { AppError, type Caller, type OrderClient, type OrderDto, OrderStatus, Role } from '@app/contracts';
import { eventually } from '@app/testing';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SlowConsumer } from '../subscriptions/slow-consumer.error.js';
import type { OrderListener } from './order-listener.js';
import { OrderUpdates } from './order-updates.js';

const someone = (role = Role.CUSTOMER): Caller => ({ userId: randomUUID(), role });

/** The order service, with the orders of one customer. */
class Orders {
  readonly requests: { caller: Caller; id: string }[] = [];
  readonly versions = new Map<string, number>();
  /** Called before each reply. */
  beforeReply: () => Promise<void> | void = () => {};

  readonly client = {
    get: async (request: { caller: Caller; id: string }) => {
      this.requests.push(request);
      const version = this.versions.get(request.id);
      await this.beforeReply();
      return version === undefined ? null : ({ id: request.id, version, status: OrderStatus.PENDING } as OrderDto);
    },
  } as Partial<OrderClient> as OrderClient;
}

let service: Orders;
let updates: OrderUpdates;
let jane: Caller;

/** Changes an order of Jane to this version, and passes on the event. */
function change(orderId: string, version: number) {
  service.versions.set(orderId, version);
  updates.changed({ orderId, userId: jane.userId, version });
}

/** The versions delivered to a listener, in order. */
function versionsDeliveredTo(listener: OrderListener): number[] {
  const versions: number[] = [];
  void (async () => {
    for await (const { order } of listener) versions.push(order.version);
  })();
  return versions;
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

beforeEach(() => {
  service = new Orders();
  updates = new OrderUpdates(service.client);
  jane = someone();
});

describe('a listener', () => {
  it('receives each change of the orders of its caller only', async () => {
    const [first, second, others] = [randomUUID(), randomUUID(), randomUUID()];
    const listener = updates.listen(jane);
    updates.changed({ orderId: others, userId: randomUUID(), version: 1 });
    change(first, 1);
    change(second, 1);
    expect((await listener.next()).value?.order).toMatchObject({ id: first, version: 1 });
    expect((await listener.next()).value?.order).toMatchObject({ id: second, version: 1 });
    const next = listener.next();
    change(first, 2);
    expect((await next).value?.order).toMatchObject({ id: first, version: 2 });
    expect(service.requests.map(({ id }) => id)).toEqual([first, second, first]);
  });

  it('of one order receives changes of this order only', async () => {
    const [named, other] = [randomUUID(), randomUUID()];
    const listener = updates.listen(jane, named);
    change(other, 1);
    change(named, 2);
    expect((await listener.next()).value?.order).toMatchObject({ id: named, version: 2 });
    expect(service.requests.map(({ id }) => id)).toEqual([named]);
  });

  it('ignores late and duplicate events', async () => {
    const orderId = randomUUID();
    const versions = versionsDeliveredTo(updates.listen(jane));
    change(orderId, 3);
    await eventually(() => expect(versions).toEqual([3]));
    for (const version of [2, 3, 1]) updates.changed({ orderId, userId: jane.userId, version });
    await soon();
    expect(service.requests).toHaveLength(1);
    updates.changed({ orderId, userId: jane.userId, version: 9 });
    await eventually(() => expect(service.requests).toHaveLength(2));
    change(orderId, 10);
    await eventually(() => expect(versions).toEqual([3, 10]));
  });

  it('receives only the newest state of a burst', async () => {
    const orderId = randomUUID();
    const listener = updates.listen(jane);
    for (const version of [1, 2, 3, 4, 5]) change(orderId, version);
    const versions = versionsDeliveredTo(listener);
    await eventually(() => expect(versions).toEqual([5]));
    await soon();
    expect(versions).toEqual([5]);
    expect(service.requests).toHaveLength(1);
  });

  it('does not miss a change during the read of the one before', async () => {
    const orderId = randomUUID();
    service.beforeReply = () => {
      service.beforeReply = () => {};
      change(orderId, 2);
    };
    const versions = versionsDeliveredTo(updates.listen(jane));
    change(orderId, 1);
    await eventually(() => expect(versions).toEqual([1, 2]));
  });

  it('receives a change once the order service is available again', async () => {
    const orderId = randomUUID();
    let failures = 2;
    service.beforeReply = () => {
      if (failures-- > 0) throw new AppError('SERVICE_UNAVAILABLE', 'unavailable');
    };
    const versions = versionsDeliveredTo(updates.listen(jane));
    change(orderId, 1);
    await eventually(() => expect(versions).toEqual([1]));
    expect(service.requests).toHaveLength(3);
  });

  it('receives no order that its caller may not see', async () => {
    const [hidden, seen] = [randomUUID(), randomUUID()];
    const listener = updates.listen(jane);
    updates.changed({ orderId: hidden, userId: jane.userId, version: 1 });
    change(seen, 1);
    expect((await listener.next()).value?.order).toMatchObject({ id: seen });
  });

  it('that is slow causes no requests, and fails when too many orders wait', async () => {
    const listener = updates.listen(jane);
    for (let i = 0; i < 2_000; i++) change(randomUUID(), 1);
    await soon();
    expect(service.requests).toEqual([]);
    await expect(listener.next()).rejects.toThrow(SlowConsumer);
    change(randomUUID(), 1);
    expect(service.requests).toEqual([]);
  });

  it('is removed once it returns, also during a pending next()', async () => {
    const listener = updates.listen(jane);
    const next = listener.next();
    await listener.return();
    expect(await next).toEqual({ value: undefined, done: true });
    const changed = jest.spyOn(listener, 'changed');
    change(randomUUID(), 1);
    expect(changed).not.toHaveBeenCalled();
    expect(await listener.next()).toEqual({ value: undefined, done: true });
    expect(service.requests).toEqual([]);
  });
});

describe('requests to the order service', () => {
  it('are not sent without listeners', async () => {
    change(randomUUID(), 1);
    await soon();
    expect(service.requests).toEqual([]);
  });

  it('are shared by all listeners of one caller, and sent for that caller', async () => {
    const orderId = randomUUID();
    const admin = someone(Role.ADMIN);
    const listeners = [updates.listen(jane), updates.listen(jane, orderId), updates.listen(admin, orderId)];
    const delivered = listeners.map(versionsDeliveredTo);
    change(orderId, 1);
    await eventually(() => expect(delivered).toEqual([[1], [1], [1]]));
    expect(service.requests).toEqual([
      { caller: jane, id: orderId },
      { caller: admin, id: orderId },
    ]);
  });

  it('are not shared by a listener that knows a newer version', async () => {
    const orderId = randomUUID();
    let late: number[] = [];
    service.beforeReply = async () => {
      service.beforeReply = () => {};
      late = versionsDeliveredTo(updates.listen(jane));
      change(orderId, 2);
      await soon();
    };
    const early = versionsDeliveredTo(updates.listen(jane));
    change(orderId, 1);
    await eventually(() => expect([early, late]).toEqual([[1, 2], [2]]));
  });

  it('are limited in number at the same time', async () => {
    let [running, max] = [0, 0];
    service.beforeReply = async () => {
      max = Math.max(max, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const orderIds = Array.from({ length: 200 }, () => randomUUID());
    const delivered = orderIds.map((id) => versionsDeliveredTo(updates.listen(jane, id)));
    for (const id of orderIds) change(id, 1);
    await eventually(() => expect(delivered.flat()).toHaveLength(200));
    expect(max).toBeLessThanOrEqual(16);
    expect(max).toBeGreaterThan(1);
  });
});
