import { orders, products } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { connect, type ConfirmChannel } from 'amqplib';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { lastValueFrom } from 'rxjs';
import { OnEvent, OnRequest } from '../index.js';
import { RABBITMQ_URL, World } from '../../test/messaging.fixture.js';
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

it('fails at once without a broker', async () => {
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
    beforeEach(async () => {
      world = await World.open('RabbitMQ');
    });
    afterEach(() => world.close());

    const startOrders = () =>
      world.start({ service: 'order', controllers: [Reservations], databaseUrl: world.database.url });

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

    it('never runs a request that waited too long in a blocked process', async () => {
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
      // The server is in this process, which is blocked meanwhile.
      execFileSync(process.execPath, ['-e', `(async () => {${publishAndWait}})()`]);
      const ask = await world.caller();
      await expect(ask('order.count', { caller, filter: {} })).resolves.toBe(1);
    });

    it('distributes requests and events among the instances of a service', async () => {
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
      const publish = world.publisherFor('product');
      await Promise.all(Array.from({ length: 20 }, () => publish('product.stockReserved', { orderId: randomUUID() })));
      await eventually(() => expect(ran.first + ran.second).toBe(40));
      expect(ran.first).toBeGreaterThan(0);
      expect(ran.second).toBeGreaterThan(0);
    });

    it('dead-letters malformed events at once', async () => {
      await startOrders();
      await onChannel(async (channel, prefix) => {
        channel.sendToQueue(`${prefix}order.events`, Buffer.from('{not json'));
        channel.sendToQueue(`${prefix}order.events`, Buffer.from('null'));
        // A quorum queue may lose a message if the channel closes before it is confirmed.
        await channel.waitForConfirms();
      });
      const reason = expect.stringMatching(/not a CloudEvent/);
      const letter = expect.objectContaining({ id: '', type: '', attempts: 1, reason });
      await eventually(async () => expect(await world.transport.deadLetters('order')).toEqual([letter, letter]));
    });

    it('dead-letters an event that is redelivered too often, such as one that kills its consumer', async () => {
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

    it('declares its queue again after a deletion', async () => {
      await startOrders();
      await onChannel((channel, prefix) => channel.deleteQueue(`${prefix}order.events`));
      await eventually(() => onChannel((channel, prefix) => channel.checkQueue(`${prefix}order.events`)));
      const orderId = randomUUID();
      await world.publisherFor('product')('product.stockReserved', { orderId });
      await eventually(async () => expect(await world.effects()).toEqual([orderId]));
    });
  });
