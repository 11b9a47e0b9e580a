import { Migration001Products } from './migrations/migration-001-products.js';
import { Migration002ProductLists } from './migrations/migration-002-product-lists.js';
import { Migration003ReservedUnits } from './migrations/migration-003-reserved-units.js';
import { Migration004Search } from './migrations/migration-004-search.js';
import { Migration005StockAdjustments } from './migrations/migration-005-stock-adjustments.js';
import { Migration006UnitPrices } from './migrations/migration-006-unit-prices.js';
import { Product } from './product/product.entity.js';
import { Reservation } from './product/reservation.entity.js';
import { StockAdjustment } from './product/stock-adjustment.entity.js';

export const database = {
  entities: [Product, Reservation, StockAdjustment],
  migrations: [
    { name: '001-products', class: Migration001Products },
    { name: '002-product-lists', class: Migration002ProductLists },
    { name: '003-reserved-units', class: Migration003ReservedUnits },
    { name: '004-search', class: Migration004Search },
    { name: '005-stock-adjustments', class: Migration005StockAdjustments },
    { name: '006-unit-prices', class: Migration006UnitPrices },
  ],
  stale: [{ table: 'stock_adjustments', where: `created_at < now() - interval '24 hours'` }],
};
