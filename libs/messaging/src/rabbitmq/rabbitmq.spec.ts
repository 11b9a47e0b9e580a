import { AppError, orders, products } from '@app/contracts';
import { eventually, TcpProxy } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { connect, type ConfirmChannel } from 'amqplib';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { MissedEvents, OnEvent, OnRequest } from '../index.js';
import { RABBITMQ_URL, RETRY_DELAYS_MS, World } from '../../test/messaging.fixture.js';
import { REQUESTS_AT_ONCE } from '../request-dispatch.js';
import { RabbitMqTransport } from './rabbitmq.transport.js';
import { TIME_LEFT } from './topology.js';

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

it('fails at once, and does not hang, while there is no broker', async () => {
  const transport = new RabbitMqTransport({ url: 'amqp://127.0.0.1:1' });
  const client = transport.requestClient('gateway', 20_000);
  const publisher = transport.eventPublisher('product');
  const start = Date.now();
  await expect(lastValueFrom(client.send('order.list', { caller }))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
  await expect(lastValueFrom(publisher.emit('product.created', {}))).rejects.toBeDefined();
  await expect(transport.check()).rejects.toBeDefined();
  expect(Date.now() - start).toBeLessThan(10_000);
  await transport.close();
});

if (RABBITMQ_URL)
  describe('the RabbitMQ transport', () => {
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

    const startOrders = (transport = world.transport) =>
      world.start({ service: 'order', controllers: [Reservations], databaseUrl: world.database.url, transport });

    async function onChannel<T>(work: (channel: ConfirmChannel, prefix: string) => Promise<T>): Promise<T> {
      const connection = await connect(RABBITMQ_URL!);
      try {
        const channel = await connection.createConfirmChannel();
        channel.on('error', () => {});
        const result = await work(channel, world.broker!.prefix);
        await channel.close();
        return result;
      } finally {
        await connection.close();
      }
    }

    it('never runs a request whose caller gave up, though connecting took half of its time', async () => {
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

    it('never runs a request that waited too long in a process that stood still', async () => {
      let calls = 0;
      @Controller()
      class Orders {
        @OnRequest(orders.requests.count)
        async count() {
          return ++calls;
        }
      }
      await world.start({ service: 'order', controllers: [Orders] });
      const body = JSON.stringify({ pattern: 'order.count', data: { caller, filter: {} } });
      const options = { expiration: 500, headers: { [TIME_LEFT]: 500 } };
      const publishAndWait = `
        const connection = await require('amqplib').connect('${RABBITMQ_URL}');
        const channel = await connection.createConfirmChannel();
        channel.sendToQueue('${world.broker!.prefix}order.requests', Buffer.from('${body}'), ${JSON.stringify(options)});
        await channel.waitForConfirms();
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await connection.close();`;
      // This process, the server's, does nothing meanwhile.
      execFileSync(process.execPath, ['-e', `(async () => {${publishAndWait}})()`]);
      const ask = await world.caller();
      await expect(ask('order.count', { caller, filter: {} })).resolves.toBe(1);
    });

    it('survives the loss of its broker, says so, loses nothing, and resumes by itself', async () => {
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

    it('starts as soon as a broker that is away comes', async () => {
      proxy.cut();
      const starting = startOrders(proxied);
      const ask = await world.caller();
      await sleep(1_500);
      proxy.restore();
      await starting;
      await expect(ask('order.list', { caller })).resolves.toEqual([]);
    });

    describe('when a connection breaks during a request', () => {
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

      it("the service's: it is not run a second time by another instance", async () => {
        await startSlow(proxied);
        const result = await cutDuring(undefined, () => startSlow());
        expect(result).toEqual({ code: 'SERVICE_UNAVAILABLE', fast: true, calls: 1 });
      });

      it("the caller's: it fails at once, as one whose outcome is not known", async () => {
        await startSlow();
        const result = await cutDuring(proxied, async () => {});
        expect(result).toEqual({ code: 'SERVICE_TIMEOUT', fast: true, calls: 1 });
      });
    });

    it('shares requests and events among the instances of a service', async () => {
      const ran = { first: 0, second: 0 };
      const instance = (name: keyof typeof ran) => {
        @Controller()
        class Orders {
          @OnRequest(orders.requests.list)
          async list() {
            ran[name]++;
            return [];
          }

          @OnEvent(products.events.stockReserved)
          async reserved() {
            ran[name]++;
          }
        }
        return world.start({ service: 'order', controllers: [Orders] });
      };
      await instance('first');
      await instance('second');
      const ask = await world.caller();
      await Promise.all(Array.from({ length: 20 }, () => ask('order.list', { caller })));
      const tell = world.publisherFor('product');
      await Promise.all(Array.from({ length: 20 }, () => tell('product.stockReserved', { orderId: randomUUID() })));
      await eventually(() => expect(ran.first + ran.second).toBe(40));
      expect(ran.first).toBeGreaterThan(0);
      expect(ran.second).toBeGreaterThan(0);
    });

    it('puts what is no event among the dead letters at once', async () => {
      await startOrders();
      await onChannel(async (channel, prefix) => {
        channel.sendToQueue(`${prefix}order.events`, Buffer.from('{not json'));
        channel.sendToQueue(`${prefix}order.events`, Buffer.from('null'));
        // A quorum queue may lose what was published, when the channel closes before it is confirmed.
        await channel.waitForConfirms();
      });
      const reason = expect.stringMatching(/not a CloudEvent/);
      const letter = expect.objectContaining({ id: '', type: '', attempts: 1, reason });
      await eventually(async () => expect(await world.transport.deadLetters('order')).toEqual([letter, letter]));
    });

    it('gives up an event that comes back unanswered time and again, as when it ends the process of whoever takes it', async () => {
      const id = await world.publisherFor('product')('product.stockReserved', { orderId: randomUUID() });
      await eventually(async () => {
        await onChannel(async (channel, prefix) => {
          const message = await channel.get(`${prefix}order.events`);
          if (message) channel.nack(message);
        });
        const [letter] = await world.transport.deadLetters('order');
        expect(letter).toMatchObject({ id, reason: 'delivery_limit' });
      });
    });

    it('declares its queue again when somebody has deleted it', async () => {
      await startOrders();
      await onChannel((channel, prefix) => channel.deleteQueue(`${prefix}order.events`));
      await eventually(() => onChannel((channel, prefix) => channel.checkQueue(`${prefix}order.events`)));
      const orderId = randomUUID();
      await world.publisherFor('product')('product.stockReserved', { orderId });
      await eventually(async () => expect(await world.effects()).toEqual([orderId]));
    });
  });
