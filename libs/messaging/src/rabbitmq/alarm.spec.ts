import { AppError, orders, products } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OnEvent, OnRequest } from '../index.js';
import { RABBITMQ_URL, RETRY_DELAYS_MS, World } from '../../test/messaging.fixture.js';
import { AlarmProxy } from '../../test/alarm-proxy.fixture.js';
import { RabbitMqTransport } from './rabbitmq.transport.js';

const caller = { userId: randomUUID(), role: 'ADMIN' };

if (RABBITMQ_URL)
  describe('while RabbitMQ has an alarm', () => {
    let world: World;
    let proxy: AlarmProxy;
    let proxied: RabbitMqTransport;
    let counted: number;
    let reserved: string[];
    beforeEach(async () => {
      world = await World.open('RabbitMQ');
      proxy = await AlarmProxy.listen(world.broker!);
      const { prefix } = world.broker!;
      proxied = new RabbitMqTransport({ url: proxy.url, prefix, retryDelaysMs: RETRY_DELAYS_MS });
      counted = 0;
      reserved = [];
    });
    afterEach(async () => {
      proxy.clear();
      await proxied.close();
      await world.close();
      await proxy.close();
    });

    @Controller()
    class Orders {
      @OnRequest(orders.requests.count)
      async count() {
        return ++counted;
      }

      @OnRequest(orders.requests.list)
      async list() {
        await sleep(1_000);
        return [];
      }

      @OnEvent(products.events.stockReserved)
      async reserved({ orderId }: { orderId: string }) {
        reserved.push(orderId);
      }
    }

    async function startedCaller() {
      await world.start({ service: 'order', controllers: [Orders] });
      const ask = await world.caller(30_000, proxied);
      const count = () => ask('order.count', { caller, filter: {} });
      await expect(count()).resolves.toBe(1);
      const outcome = async () => {
        const began = performance.now();
        const { code, message } = (await count().catch((error: unknown) => error)) as AppError;
        return { code, message, fast: performance.now() - began < 5_000 };
      };
      return { ask, count, outcome };
    }
    const refused = {
      code: 'SERVICE_UNAVAILABLE',
      message: expect.stringMatching(/alarm.*low on memory/),
      fast: true,
    };

    it('requests fail at once, readiness names the alarm, and all resumes when it ends', async () => {
      const { count, outcome } = await startedCaller();
      proxy.raise('low on memory');
      // Before the broker reports its alarm, the outcome of a request is unknown.
      await expect(outcome()).resolves.toMatchObject({ code: 'SERVICE_TIMEOUT', fast: true });
      await eventually(async () => expect(await outcome()).toEqual(refused));
      await expect(proxied.check()).rejects.toThrow(/low on memory/);

      proxy.clear();
      await eventually(() => expect(count()).resolves.toBe(2));
      // None of the failed requests has run.
      await expect(count()).resolves.toBe(3);
      await expect(proxied.check()).resolves.toBeUndefined();
    });

    it('requests in progress fail at once with an unknown outcome', async () => {
      const { ask, count } = await startedCaller();
      const inProgress = ask('order.list', { caller }).catch((error: AppError) => error.code);
      await sleep(200);
      proxy.raise('low on disk');
      const began = performance.now();
      count().catch(() => {});
      await expect(inProgress).resolves.toBe('SERVICE_TIMEOUT');
      expect(performance.now() - began).toBeLessThan(5_000);
    });

    it('readiness names the alarm, even without requests', async () => {
      await startedCaller();
      proxy.raise('low on disk');
      await eventually(() => expect(proxied.check()).rejects.toThrow(/low on disk/));
    });

    it('events wait in the outbox and are published when it ends', async () => {
      await world.start({ service: 'order', controllers: [Orders] });
      await world.start({ service: 'product', databaseUrl: world.database.url, transport: proxied });
      const publish = async () => {
        const orderId = randomUUID();
        await world.addToOutbox(products.events.stockReserved, { orderId });
        return orderId;
      };
      const before = await publish();
      await eventually(() => expect(reserved).toEqual([before]));
      proxy.raise('low on memory');
      const during = await publish();
      await eventually(() => expect(proxied.check()).rejects.toThrow(/low on memory/));
      expect(reserved).toEqual([before]);
      proxy.clear();
      await eventually(() => expect(reserved).toContain(during));
      await eventually(async () => expect(await world.database.query('select from outbox')).toEqual([]));
    });
  });
