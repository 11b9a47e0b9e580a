import { orders, products, Role } from '@app/contracts';
import { ServiceUnderTest } from '@app/testing/service-under-test';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { register } from 'prom-client';
import { ProductConfig } from '../config.js';
import { productService } from '../product.module.js';

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await ServiceUnderTest.start(productService, {}, new ProductConfig());
});
afterAll(() => service.close());

async function reservationsCounted(): Promise<number> {
  const { values } = await register.getSingleMetric('bazaar_stock_reservations_total')!.get();
  return values.reduce((sum, { value }) => sum + value, 0);
}

test('a reservation is counted once it has committed: not when its commit fails, nor for a duplicate event', async () => {
  const caller = { userId: randomUUID(), role: Role.CUSTOMER };
  const product = { name: 'Tea', price: 1, description: '', stock: 5 };
  const { id } = await service.client(products).create({ caller, product });
  // A sequence is not rolled back: only the first commit fails.
  await service.database.query(`
    create sequence commits;
    create function fail_first_commit() returns trigger language plpgsql as
      $$ begin if nextval('commits') = 1 then raise 'the commit fails'; end if; return null; end; $$;
    create constraint trigger fail_first_commit after insert on reservations
      deferrable initially deferred for each row execute function fail_first_commit()`);
  const [orderId, eventId] = [randomUUID(), randomUUID()];
  const placed = { orderId, userId: caller.userId, version: 1, lines: [{ productId: id, quantity: 1 }] };
  await service.publish(orders.events.placed, placed, eventId);
  await service.settled();
  await service.publish(orders.events.placed, placed, eventId);
  await service.publish(orders.events.placed, placed);
  await service.settled();
  expect(await reservationsCounted()).toBe(1);
  expect(await service.database.query('select last_value::int as commits from commits')).toEqual([{ commits: 2 }]);
});
