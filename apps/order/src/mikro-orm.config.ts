import { Migration001Orders } from './migrations/migration-001-orders.js';
import { Migration002KeysAndPages } from './migrations/migration-002-keys-and-pages.js';
import { Migration003IdempotencyKeys } from './migrations/migration-003-idempotency-keys.js';
import { Migration004ProductNames } from './migrations/migration-004-product-names.js';
import { Migration005UnitPrices } from './migrations/migration-005-unit-prices.js';
import { Customer } from './order/customer.entity.js';
import { IdempotencyKey } from './order/idempotency-key.entity.js';
import { Order, OrderItem } from './order/order.entity.js';

export const database = {
  entities: [Order, OrderItem, Customer, IdempotencyKey],
  migrations: [
    { name: '001-orders', class: Migration001Orders },
    { name: '002-keys-and-pages', class: Migration002KeysAndPages },
    { name: '003-idempotency-keys', class: Migration003IdempotencyKeys },
    { name: '004-product-names', class: Migration004ProductNames },
    { name: '005-unit-prices', class: Migration005UnitPrices },
  ],
  // The key of a placed order is also in its own row, which is kept.
  stale: [{ table: 'idempotency_keys', where: `created_at < now() - interval '24 hours'` }],
};
