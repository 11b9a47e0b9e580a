import { randomUUID } from 'node:crypto';
import { AppError, type Caller, type OrderClient, type OrderDto, OrderStatus, Role } from '@app/contracts';
import { eventually } from '@app/testing';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SlowConsumer } from '../subscriptions/slow-consumer.error.js';
import type { OrderListener } from './order-listener.js';
import { OrderUpdates } from './order-updates.js';

const someone = (role = Role.CUSTOMER): Caller => ({ userId: randomUUID(), role });

/** Orders as the order service has them, of one customer; `asked` is who asked for which. */
class Orders {
  readonly asked: { caller: Caller; id: string }[] = [];
  readonly versions = new Map<string, number>();
  /** What is done before a request is answered. */
  beforeAnswer: () => Promise<void> | void = () => {};

  readonly client = {
    get: async (asked: { caller: Caller; id: string }) => {
      this.asked.push(asked);
      const version = this.versions.get(asked.id);
      await this.beforeAnswer();
      return version === undefined ? null : ({ id: asked.id, version, status: OrderStatus.PENDING } as OrderDto);
    },
  } as Partial<OrderClient> as OrderClient;
}

let service: Orders;
let updates: OrderUpdates;
let jane: Caller;

/** Changes an order of Jane's to this version and tells of it. */
function change(orderId: string, version: number) {
  service.versions.set(orderId, version);
  updates.changed({ orderId, userId: jane.userId, version });
}

/** The versions that a listener is told of, as they come. */
function versionsToldTo(listener: OrderListener): number[] {
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
  it('is told each change of the orders of its caller, and of no others', async () => {
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
    expect(service.asked.map(({ id }) => id)).toEqual([first, second, first]);
  });

  it('of one order is told of that one alone', async () => {
    const [named, other] = [randomUUID(), randomUUID()];
    const listener = updates.listen(jane, named);
    change(other, 1);
    change(named, 2);
    expect((await listener.next()).value?.order).toMatchObject({ id: named, version: 2 });
    expect(service.asked.map(({ id }) => id)).toEqual([named]);
  });

  it('never goes back: events that come late or twice change nothing', async () => {
    const orderId = randomUUID();
    const versions = versionsToldTo(updates.listen(jane));
    change(orderId, 3);
    await eventually(() => expect(versions).toEqual([3]));
    for (const version of [2, 3, 1]) updates.changed({ orderId, userId: jane.userId, version });
    await soon();
    expect(service.asked).toHaveLength(1);
    updates.changed({ orderId, userId: jane.userId, version: 9 });
    await eventually(() => expect(service.asked).toHaveLength(2));
    change(orderId, 10);
    await eventually(() => expect(versions).toEqual([3, 10]));
  });

  it('is told the newest state alone of a burst', async () => {
    const orderId = randomUUID();
    const listener = updates.listen(jane);
    for (const version of [1, 2, 3, 4, 5]) change(orderId, version);
    const versions = versionsToldTo(listener);
    await eventually(() => expect(versions).toEqual([5]));
    await soon();
    expect(versions).toEqual([5]);
    expect(service.asked).toHaveLength(1);
  });

  it('misses no change that comes while the one before is read', async () => {
    const orderId = randomUUID();
    service.beforeAnswer = () => {
      service.beforeAnswer = () => {};
      change(orderId, 2);
    };
    const versions = versionsToldTo(updates.listen(jane));
    change(orderId, 1);
    await eventually(() => expect(versions).toEqual([1, 2]));
  });

  it('hears of a change once the order service is back', async () => {
    const orderId = randomUUID();
    let failures = 2;
    service.beforeAnswer = () => {
      if (failures-- > 0) throw new AppError('SERVICE_UNAVAILABLE', 'away');
    };
    const versions = versionsToldTo(updates.listen(jane));
    change(orderId, 1);
    await eventually(() => expect(versions).toEqual([1]));
    expect(service.asked).toHaveLength(3);
  });

  it('hears nothing of what its caller may not see', async () => {
    const [hidden, seen] = [randomUUID(), randomUUID()];
    const listener = updates.listen(jane);
    updates.changed({ orderId: hidden, userId: jane.userId, version: 1 });
    change(seen, 1);
    expect((await listener.next()).value?.order).toMatchObject({ id: seen });
  });

  it('that does not read costs no requests, and falls behind when too many orders wait', async () => {
    const listener = updates.listen(jane);
    for (let i = 0; i < 2_000; i++) change(randomUUID(), 1);
    await soon();
    expect(service.asked).toEqual([]);
    await expect(listener.next()).rejects.toThrow(SlowConsumer);
    change(randomUUID(), 1);
    expect(service.asked).toEqual([]);
  });

  it('has left once it returns, also while it waits', async () => {
    const listener = updates.listen(jane);
    const next = listener.next();
    await listener.return();
    expect(await next).toEqual({ value: undefined, done: true });
    const hears = jest.spyOn(listener, 'changed');
    change(randomUUID(), 1);
    expect(hears).not.toHaveBeenCalled();
    expect(await listener.next()).toEqual({ value: undefined, done: true });
    expect(service.asked).toEqual([]);
  });
});

describe('requests to the order service', () => {
  it('are none while nobody listens', async () => {
    change(randomUUID(), 1);
    await soon();
    expect(service.asked).toEqual([]);
  });

  it('are one for a change and all listeners of one caller, each in the name of that caller', async () => {
    const orderId = randomUUID();
    const admin = someone(Role.ADMIN);
    const listeners = [updates.listen(jane), updates.listen(jane, orderId), updates.listen(admin, orderId)];
    const told = listeners.map(versionsToldTo);
    change(orderId, 1);
    await eventually(() => expect(told).toEqual([[1], [1], [1]]));
    expect(service.asked).toEqual([
      { caller: jane, id: orderId },
      { caller: admin, id: orderId },
    ]);
  });

  it('are not shared with who has heard of a change since', async () => {
    const orderId = randomUUID();
    let late: number[] = [];
    service.beforeAnswer = async () => {
      service.beforeAnswer = () => {};
      late = versionsToldTo(updates.listen(jane));
      change(orderId, 2);
      await soon();
    };
    const early = versionsToldTo(updates.listen(jane));
    change(orderId, 1);
    await eventually(() => expect([early, late]).toEqual([[1, 2], [2]]));
  });

  it('are few at once, however many listen', async () => {
    let [running, most] = [0, 0];
    service.beforeAnswer = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const orderIds = Array.from({ length: 200 }, () => randomUUID());
    const told = orderIds.map((id) => versionsToldTo(updates.listen(jane, id)));
    for (const id of orderIds) change(id, 1);
    await eventually(() => expect(told.flat()).toHaveLength(200));
    expect(most).toBeLessThanOrEqual(16);
    expect(most).toBeGreaterThan(1);
  });
});
