import { orders, products, users } from '@app/contracts';
import { expect, it } from '@jest/globals';
import { type Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import { GatewayModule } from './gateway.module.js';

/** Why the gateway does not consume an event: clients and caches do not depend on it. */
const NOT_CONSUMED: Record<string, string> = {
  'user.registered': 'Users are not cached.',
  'user.profileUpdated': 'Users are not cached; `order.readdressed` announces the new address of orders.',
  'product.stockReserved': '`order.processing` announces it to clients, `product.stockChanged` to the cache.',
  'product.stockRejected': '`order.cancelled` announces it to clients.',
};

function consumed(): string[] {
  const controllers = Reflect.getMetadata(MODULE_METADATA.CONTROLLERS, GatewayModule) as Type<object>[];
  return controllers.flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype).flatMap(
      (method) => (Reflect.getMetadata(PATTERN_METADATA, prototype[method]) ?? []) as string[],
    ),
  );
}

it('consumes every event of the contracts, or a reason says why not', () => {
  const events = [users, products, orders].flatMap(({ events }) => Object.values(events).map(({ pattern }) => pattern));
  expect([...consumed(), ...Object.keys(NOT_CONSUMED)].toSorted()).toEqual(events.toSorted());
});
