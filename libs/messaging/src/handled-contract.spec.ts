import { orders, products, users } from '@app/contracts';
import { idleHandlers } from '@app/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Controller, type Type } from '@nestjs/common';
import { transports, World } from '../test/messaging.fixture.js';
import { OnEvent, OnRequest } from './index.js';

describe.each(transports)('a service, %s,', (kind) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(kind);
  });
  afterEach(() => world.close());

  const start = (...controllers: Type[]) => world.start({ service: 'order', controllers, isComplete: true });

  test('starts with a handler for every request and event of its contract', async () => {
    await expect(start(idleHandlers('order'))).resolves.toBeDefined();
  });

  test('does not start without one, and names all that are missing', async () => {
    const { cancel } = orders.requests;
    const { stockReserved, stockRejected } = products.events;
    await expect(start(idleHandlers('order', cancel, stockReserved, stockRejected))).rejects.toThrow(
      'The order service has no handler for order.cancel, product.stockReserved, product.stockRejected',
    );
  });

  test('does not start with a handler that no message ever reaches', async () => {
    @Controller()
    class Unreachable {
      @OnRequest(users.requests.logout)
      async logout() {}

      @OnEvent(orders.events.placed)
      async placed() {}
    }
    await expect(start(idleHandlers('order'), Unreachable)).rejects.toThrow(
      'The order service handles user.logout, order.placed, which its contract does not send to it',
    );
  });
});
