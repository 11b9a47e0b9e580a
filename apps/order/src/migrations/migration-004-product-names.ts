import { Migration } from '@mikro-orm/migrations';

export class Migration004ProductNames extends Migration {
  override up() {
    this.addSql(`alter table order_items add column product_name text null, add column seller_id uuid null`);
    this.addSql(`
      create index order_items_without_name_index on order_items (product_id, id) where product_name is null`);
  }
}
