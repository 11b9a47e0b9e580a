import { products } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { OnEvent } from '../index.js';
import { RETRY_DELAYS_MS, World } from '../../test/messaging.fixture.js';
import { InProcessTransport } from './in-process.transport.js';

describe('the in-process transport', () => {
  let world: World;
  let heard: string[];
  let failure: Error | undefined;
  beforeEach(async () => {
    world = await World.open('in process');
    heard = [];
    failure = undefined;
  });
  afterEach(() => world.close());

  @Controller()
  class Orders {
    @OnEvent(products.events.stockReserved)
    async reserved({ orderId }: { orderId: string }) {
      if (failure) throw failure;
      heard.push(orderId);
    }
  }

  /** The same database after a start of the process. */
  const restarted = () => {
    const transport = new InProcessTransport({ databaseUrl: world.database.url, retryDelaysMs: RETRY_DELAYS_MS });
    world.later(() => transport.close());
    return transport;
  };

  it('keeps what was told and not yet taken, though the process is killed', async () => {
    const tell = world.publisherFor('product');
    const orderIds = Array.from({ length: 1_500 }, () => randomUUID());
    await Promise.all(orderIds.map((orderId) => tell('product.stockReserved', { orderId })));
    // The first transport is dropped as it is, with another message in the midst of its tries.
    failure = new Error('The process is about to be killed');
    await world.start({ service: 'order', controllers: [Orders], transport: restarted() });
    failure = undefined;
    await eventually(() => expect(new Set(heard)).toEqual(new Set(orderIds)));
    await eventually(async () => expect(await world.database.query('select from broker.messages')).toEqual([]));
    expect(heard).toHaveLength(orderIds.length);
  });

  it('takes what a command of another process has sent back', async () => {
    failure = new Error('The shelf is gone');
    await world.start({ service: 'order', controllers: [Orders] });
    const orderId = randomUUID();
    await world.publisherFor('product')('product.stockReserved', { orderId });
    await eventually(async () => expect(await world.transport.deadLetters('order')).toHaveLength(1));
    failure = undefined;
    expect(await restarted().redeliver('order')).toBe(1);
    await eventually(() => expect(heard).toEqual([orderId]));
  });

  it('says so when its database is away', async () => {
    await expect(world.transport.check()).resolves.toBeUndefined();
    const away = new InProcessTransport({ databaseUrl: 'postgres://postgres@127.0.0.1:1/postgres' });
    world.later(() => away.close());
    await expect(away.check()).rejects.toThrow(/ECONNREFUSED/);
  });
});
