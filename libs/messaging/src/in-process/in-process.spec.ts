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
  let received: string[];
  let failure: Error | undefined;
  beforeEach(async () => {
    world = await World.open('in process');
    received = [];
    failure = undefined;
  });
  afterEach(() => world.close());

  @Controller()
  class Orders {
    @OnEvent(products.events.stockReserved)
    async reserved({ orderId }: { orderId: string }) {
      if (failure) throw failure;
      received.push(orderId);
    }
  }

  /** A new transport on the same database, as after a restart. */
  const restarted = () => {
    const transport = new InProcessTransport({ databaseUrl: world.database.url, retryDelaysMs: RETRY_DELAYS_MS });
    world.later(() => transport.close());
    return transport;
  };

  it('keeps published events until they are handled, even if the process is killed', async () => {
    const publish = world.publisherFor('product');
    const orderIds = Array.from({ length: 1_500 }, () => randomUUID());
    await Promise.all(orderIds.map((orderId) => publish('product.stockReserved', { orderId })));
    // The first transport is abandoned with messages in progress.
    failure = new Error('The process is about to be killed');
    await world.start({ service: 'order', controllers: [Orders], transport: restarted() });
    failure = undefined;
    await eventually(() => expect(new Set(received)).toEqual(new Set(orderIds)));
    await eventually(async () => expect(await world.database.query('select from broker.messages')).toEqual([]));
    expect(received).toHaveLength(orderIds.length);
  });

  it('receives events that a command of another process redelivers', async () => {
    failure = new Error('The shelf is missing');
    await world.start({ service: 'order', controllers: [Orders] });
    const orderId = randomUUID();
    await world.publisherFor('product')('product.stockReserved', { orderId });
    await eventually(async () => expect(await world.transport.deadLetters('order')).toHaveLength(1));
    failure = undefined;
    expect(await restarted().redeliver('order')).toBe(1);
    await eventually(() => expect(received).toEqual([orderId]));
  });

  it('is not ready while its database is unavailable', async () => {
    await expect(world.transport.check()).resolves.toBeUndefined();
    const unavailable = new InProcessTransport({ databaseUrl: 'postgres://postgres@127.0.0.1:1/postgres' });
    world.later(() => unavailable.close());
    await expect(unavailable.check()).rejects.toThrow(/ECONNREFUSED/);
  });
});
