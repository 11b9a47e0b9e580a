import { products } from '@app/contracts';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { register } from 'prom-client';
import { home, OrderServiceUnderTest } from '../../test/order-service-under-test.js';

let underTest: OrderServiceUnderTest;
beforeAll(async () => {
  underTest = await OrderServiceUnderTest.start();
});
afterAll(() => underTest.close());

async function ordersCounted(status: string): Promise<number> {
  const { values } = await register.getSingleMetric('bazaar_orders_total')!.get();
  return values.filter(({ labels }) => labels.status === status).reduce((sum, { value }) => sum + value, 0);
}

test('an order is counted once it has committed: not when its commit fails, nor for a duplicate event', async () => {
  const { service } = underTest;
  const { id } = await underTest.placeAny(underTest.newCustomer(home));
  expect(await ordersCounted('PENDING')).toBe(1);
  // A sequence is not rolled back: only the first commit fails.
  await service.database.query(`
    create sequence commits;
    create function fail_first_commit() returns trigger language plpgsql as
      $$ begin if nextval('commits') = 1 then raise 'the commit fails'; end if; return null; end; $$;
    create constraint trigger fail_first_commit after update on orders
      deferrable initially deferred for each row execute function fail_first_commit()`);
  const eventId = randomUUID();
  await service.publish(products.events.stockReserved, { orderId: id }, eventId);
  await service.settled();
  expect(await ordersCounted('PROCESSING')).toBe(1);
  expect(await service.database.query('select last_value::int as commits from commits')).toEqual([{ commits: 2 }]);
  await service.publish(products.events.stockReserved, { orderId: id }, eventId);
  await service.publish(products.events.stockReserved, { orderId: id });
  await service.settled();
  expect(await ordersCounted('PROCESSING')).toBe(1);
});
