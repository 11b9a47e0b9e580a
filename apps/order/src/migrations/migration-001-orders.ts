import { Migration } from '@mikro-orm/migrations';

export class Migration001Orders extends Migration {
  override up() {
    this.addSql(`
      create table customers (
        id uuid primary key,
        shipping jsonb not null,
        version int not null
      )`);
    this.addSql(`
      create table orders (
        id uuid primary key,
        user_id uuid not null,
        status text not null,
        cancel_reason text null,
        total_cents bigint not null,
        shipping jsonb not null,
        shipping_version int not null,
        version int not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint orders_status_check
          check (status in ('PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
        constraint orders_cancel_reason_check
          check (cancel_reason in ('OUT_OF_STOCK', 'PRODUCT_UNAVAILABLE', 'BY_CUSTOMER', 'BY_ADMIN'))
      )`);
    // A customer's orders, newest first.
    this.addSql(`create index orders_user_id_id_index on orders (user_id, id)`);
    this.addSql(`
      create table order_items (
        id uuid primary key,
        order_id uuid not null,
        product_id uuid not null,
        quantity int not null,
        price_cents int not null,
        constraint order_items_order_id_foreign foreign key (order_id) references orders (id) on delete cascade
      )`);
    this.addSql(`create index order_items_order_id_index on order_items (order_id)`);
  }
}
