import { products } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { OnEvent } from '../index.js';
import { RABBITMQ_URL, RETRY_DELAYS_MS, World } from '../../test/messaging.fixture.js';
import { publishConfirmed, Unroutable } from './publish-confirmed.js';

let failures = 0;

@Controller()
class Reservations {
  constructor(private readonly em: EntityManager) {}

  @OnEvent(products.events.stockReserved)
  async reserved({ orderId }: { orderId: string }) {
    if (failures-- > 0) throw new Error('not yet');
    await this.em.execute('insert into effects (what) values (?)', [orderId]);
  }
}

if (RABBITMQ_URL)
  describe('a queue that is missing on RabbitMQ', () => {
    let world: World;
    let connection: ChannelModel;
    let channel: ConfirmChannel;
    let queue: string;
    beforeEach(async () => {
      failures = 0;
      world = await World.open('RabbitMQ');
      queue = `${world.broker!.prefix}order.events`;
      connection = await connect(RABBITMQ_URL!);
      channel = await connection.createConfirmChannel();
    });
    afterEach(async () => {
      await connection.close();
      await world.close();
    });

    const startOrders = () =>
      world.start({ service: 'order', controllers: [Reservations], databaseUrl: world.database.url });
    /** Starts a service whose relay publishes the events in the outbox. */
    const startProducts = () => world.start({ service: 'product', databaseUrl: world.database.url });

    async function publish(count: number): Promise<string[]> {
      const orderIds = Array.from({ length: count }, () => randomUUID());
      await world.addToOutbox(products.events.stockReserved, ...orderIds.map((orderId) => ({ orderId })));
      return orderIds;
    }
    const expectEffects = (orderIds: string[]) =>
      eventually(async () => expect((await world.effects()).toSorted()).toEqual(orderIds.toSorted()));

    it('loses no event that is published after its deletion, repeatedly', async () => {
      await startOrders();
      await startProducts();
      const orderIds = await publish(1);
      for (let i = 0; i < 10; i++) {
        await expectEffects(orderIds);
        await channel.deleteQueue(queue);
        for (let burst = 0; burst < 5; burst++) orderIds.push(...(await publish(5)));
      }
      await expectEffects(orderIds);
      expect(await world.transport.deadLetters('order')).toEqual([]);
    });

    it('loses no event that is published while its consumer is down, as after an expiry of the queue', async () => {
      // Its relay leads and has declared the queue.
      await startProducts();
      const app = await startOrders();
      const orderIds = await publish(1);
      await expectEffects(orderIds);
      await app.close();
      await channel.deleteQueue(queue);
      orderIds.push(...(await publish(20)));
      await eventually(async () => expect(await world.database.query('select from outbox')).toEqual([]));
      await startOrders();
      await expectEffects(orderIds);
    });

    it('loses no event that waits for a retry', async () => {
      await startOrders();
      await startProducts();
      for (const delayMs of RETRY_DELAYS_MS) await channel.deleteQueue(`${world.broker!.prefix}retry.${delayMs}`);
      failures = 1;
      await expectEffects(await publish(1));
      expect(await world.transport.deadLetters('order')).toEqual([]);
    });

    it('receives each event once, even if an earlier release bound it to the exchange', async () => {
      await world.transport.deadLetters('order');
      await channel.bindQueue(queue, `${world.broker!.prefix}events`, products.events.stockReserved.pattern);
      await world.publisherFor('product')('product.stockReserved', { orderId: randomUUID() });
      await eventually(async () => expect((await channel.checkQueue(queue)).messageCount).toBe(1));
      // The broker confirms after routing both messages.
      await sleep(500);
      expect((await channel.checkQueue(queue)).messageCount).toBe(1);
    });

    it('fails the publication, while concurrent ones reach their queues', async () => {
      await world.transport.deadLetters('order');
      const to = (name: string) => publishConfirmed(channel, '', name, Buffer.from('x'), { messageId: '1' });
      const results = await Promise.allSettled([to(queue), to(`${queue}.none`), to(queue)]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      await expect(to(`${queue}.none`)).rejects.toBeInstanceOf(Unroutable);
    });

    it('replaces a channel on which the broker has rejected everything for ten seconds', async () => {
      const full = `${world.broker!.prefix}user.requests`;
      await channel.assertQueue(full, { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
      let closed = false;
      void once(channel, 'close').then(() => (closed = true));
      const publication = () => publishConfirmed(channel, '', full, Buffer.from('x'), {});
      await publication();
      const began = performance.now();
      await eventually(async () => {
        await publication().catch(() => sleep(200));
        expect(closed).toBe(true);
      });
      expect(performance.now() - began).toBeGreaterThan(9_000);
    });
  });
