import { Migration001Orders } from './migrations/migration-001-orders.js';
import { Migration002KeysAndPages } from './migrations/migration-002-keys-and-pages.js';
import { Customer } from './order/customer.entity.js';
import { Order, OrderItem } from './order/order.entity.js';

export const database = {
  entities: [Order, OrderItem, Customer],
  migrations: [
    { name: '001-orders', class: Migration001Orders },
    { name: '002-keys-and-pages', class: Migration002KeysAndPages },
  ],
};
