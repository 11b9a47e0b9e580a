import { AppError, orders, products } from '@app/contracts';
import { eventually, TcpProxy } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MissedEvents, OnEvent, OnRequest } from '../index.js';
import { RABBITMQ_URL, RETRY_DELAYS_MS, World } from '../../test/messaging.fixture.js';
import { REQUESTS_AT_ONCE } from '../request-dispatch.js';
import { RabbitMqTransport } from './rabbitmq.transport.js';

@Controller()
class Reservations {
  constructor(private readonly em: EntityManager) {}

  @OnEvent(products.events.stockReserved)
  async reserved({ orderId }: { orderId: string }) {
    await this.em.execute('insert into effects (what) values (?)', [orderId]);
  }

  @OnRequest(orders.requests.list)
  async list() {
    return [];
  }
}

const caller = { userId: randomUUID(), role: 'ADMIN' };

let world: World;
let proxy: TcpProxy;
let proxied: RabbitMqTransport;
beforeEach(async () => {
  world = await World.open('RabbitMQ');
  proxy = await TcpProxy.listen(RABBITMQ_URL!);
  const { prefix } = world.broker!;
  proxied = new RabbitMqTransport({ url: proxy.url, prefix, retryDelaysMs: RETRY_DELAYS_MS });
});
afterEach(async () => {
  proxy.restore();
  await proxied.close();
  await world.close();
  await proxy.close();
});

const startOrders = (transport: RabbitMqTransport) =>
  world.start({ service: 'order', controllers: [Reservations], databaseUrl: world.database.url, transport });

it('a request never runs after its timeout, which includes the time to connect', async () => {
  const [busy, late, last] = [randomUUID(), randomUUID(), randomUUID()];
  const begun: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  @Controller()
  class Products {
    @OnRequest(products.requests.quote)
    async quote({ ids }: { ids: string[] }) {
      begun.push(...ids);
      await released;
      return [];
    }
  }
  await world.start({ service: 'product', controllers: [Products] });
  const ask = await world.caller();
  const working = Array.from({ length: REQUESTS_AT_ONCE }, () => ask('product.quote', { ids: [busy] }));
  await eventually(() => expect(begun).toHaveLength(REQUESTS_AT_ONCE));

  const askSlowly = await world.caller(2_000, proxied);
  proxy.freeze();
  const code = askSlowly('product.quote', { ids: [late] }).catch((error: AppError) => error.code);
  await sleep(1_000);
  proxy.restore();
  await expect(code).resolves.toBe('SERVICE_TIMEOUT');
  release();
  await Promise.all(working);
  await expect(ask('product.quote', { ids: [last] })).resolves.toEqual([]);
  expect(begun.filter((id) => id !== busy)).toEqual([last]);
});

it('the loss of the broker is reported, no event is lost, and all resumes by itself', async () => {
  const broadcasts: string[] = [];
  @Controller()
  class Gateway {
    @OnEvent(products.events.stockReserved)
    async reserved({ orderId }: { orderId: string }) {
      broadcasts.push(orderId);
    }
  }
  await startOrders(proxied);
  await world.start({ service: 'product', databaseUrl: world.database.url, transport: proxied });
  const gateway = await world.start({ controllers: [Gateway], transport: proxied });
  let timesMissed = 0;
  gateway.get(MissedEvents).onMissed(() => timesMissed++);
  const ask = await world.caller(20_000, proxied);
  await expect(ask('order.list', { caller })).resolves.toEqual([]);
  await expect(proxied.check()).resolves.toBeUndefined();

  proxy.cut();
  const orderIds = Array.from({ length: 50 }, () => randomUUID());
  await world.addToOutbox(products.events.stockReserved, ...orderIds.map((orderId) => ({ orderId })));
  const start = Date.now();
  await expect(ask('order.list', { caller })).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  await expect(proxied.check()).rejects.toThrow(/RabbitMQ/);
  expect(Date.now() - start).toBeLessThan(5_000);
  await sleep(3_000);
  expect(await world.effects()).toEqual([]);

  proxy.restore();
  await eventually(async () => expect(await world.effects()).toHaveLength(50));
  expect((await world.effects()).toSorted()).toEqual(orderIds.toSorted());
  await eventually(() => expect(ask('order.list', { caller })).resolves.toEqual([]));
  await eventually(() => proxied.check());
  const orderId = randomUUID();
  await world.publisherFor('product')('product.stockReserved', { orderId });
  await eventually(() => expect(broadcasts).toContain(orderId));
  expect(timesMissed).toBe(1);
});

it('a service starts as soon as its broker is available', async () => {
  proxy.cut();
  const starting = startOrders(proxied);
  const ask = await world.caller();
  await sleep(1_500);
  proxy.restore();
  await starting;
  await expect(ask('order.list', { caller })).resolves.toEqual([]);
});

describe('if a connection breaks during a request', () => {
  let calls = 0;
  @Controller()
  class Slow {
    @OnRequest(orders.requests.list)
    async list() {
      calls++;
      await sleep(1_000);
      return [];
    }
  }
  const startSlow = (transport?: RabbitMqTransport) =>
    world.start({ service: 'order', controllers: [Slow], transport });

  async function cutDuring(transport: RabbitMqTransport | undefined, before: () => Promise<unknown>) {
    calls = 0;
    const ask = await world.caller(30_000, transport);
    const answer = ask('order.list', { caller }).catch((error: AppError) => error.code);
    await eventually(() => expect(calls).toBe(1));
    await before();
    const cutAt = Date.now();
    proxy.cut();
    return { code: await answer, fast: Date.now() - cutAt < 10_000, calls };
  }

  it('of the service, no other instance runs the request again', async () => {
    await startSlow(proxied);
    const result = await cutDuring(undefined, () => startSlow());
    expect(result).toEqual({ code: 'SERVICE_UNAVAILABLE', fast: true, calls: 1 });
  });

  it('of the caller, the request fails at once with an unknown outcome', async () => {
    await startSlow();
    const result = await cutDuring(proxied, async () => {});
    expect(result).toEqual({ code: 'SERVICE_TIMEOUT', fast: true, calls: 1 });
  });
});
