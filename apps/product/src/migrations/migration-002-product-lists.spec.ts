import { eventually } from '@app/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProductServiceUnderTest } from '../../test/product-service-under-test.js';

let underTest: ProductServiceUnderTest;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
});
afterAll(() => underTest.close());

test('an order that leaves some stock writes to no index of the product', async () => {
  const { client, service } = underTest;
  const { id } = await underTest.create({ stock: 100 });
  for (let i = 0; i < 30; i++) await underTest.place(randomUUID(), [[id, 1]]);
  await service.settled();
  // Such an update is a HOT update. A few are not, when the page is full.
  const updates = `select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'products'`;
  await eventually(async () => {
    // PostgreSQL adds a connection's counts when the connection is used again, or after 10 seconds.
    await Promise.all(Array.from({ length: 20 }, () => client.list({})));
    const [counts] = await service.database.query<{ all: number; hot: number }>(updates);
    expect(counts).toEqual({ all: 30, hot: expect.any(Number) });
    expect(counts?.hot).toBeGreaterThan(20);
  });
});
