import { Migration } from '@mikro-orm/migrations';

export class Migration001Products extends Migration {
  override up() {
    this.addSql(`
      create table products (
        id uuid primary key,
        name varchar(200) not null,
        price_cents int not null,
        stock int not null,
        description text not null,
        seller_id uuid not null,
        version int not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        deleted_at timestamptz null,
        constraint products_stock_check check (stock >= 0)
      )`);
    this.addSql(`
      create table reservations (
        order_id uuid primary key,
        status text not null,
        lines jsonb not null,
        created_at timestamptz not null,
        constraint reservations_status_check check (status in ('RESERVED', 'REJECTED', 'RELEASED'))
      )`);
  }
}
