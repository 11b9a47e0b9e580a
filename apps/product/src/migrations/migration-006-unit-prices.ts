import { Migration } from '@mikro-orm/migrations';

/** Each list has its own partial index, as in migration 002-product-lists. */
const LISTS = {
  all: 'unit_price_cents, id) where deleted_at is null',
  in_stock: 'unit_price_cents, id) where deleted_at is null and in_stock',
  sold_out: 'unit_price_cents, id) where deleted_at is null and not in_stock',
  seller: 'seller_id, unit_price_cents, id) where deleted_at is null',
};

/** Rows of one statement, in id order, as orders lock them: an order waits for milliseconds, and there is no deadlock. */
const BATCH_SIZE = 1_000;

/**
 * Prices of more than 32 bits. They are in a new column: a new type for `price_cents` would rewrite the table and all its indexes
 * under a lock, and instances of the previous release would read the numbers as text. Each statement can be repeated.
 */
export class Migration006UnitPrices extends Migration {
  /** The batches commit one by one. */
  override isTransactional() {
    return false;
  }

  override up() {
    this.addSql(`
      alter table products
        add if not exists unit_price_cents bigint null,
        alter price_cents drop not null`);
    this.addSql(`
      create or replace function set_unit_price() returns trigger language plpgsql as $$
      begin
        -- Instances of the previous release write price_cents only.
        if new.unit_price_cents is null
           or new.price_cents <> old.price_cents and new.unit_price_cents = old.unit_price_cents then
          new.unit_price_cents := new.price_cents;
        else
          new.price_cents := least(new.unit_price_cents, 2147483647);
        end if;
        return new;
      end $$`);
    this.addSql(`
      create or replace trigger products_unit_price before insert or update of price_cents, unit_price_cents on products
      for each row execute function set_unit_price()`);
    // Built before the batches. A concurrent build would wait for ever for another instance that waits to migrate.
    for (const [list, keys] of Object.entries(LISTS))
      this.addSql(`create index if not exists products_${list}_unit_price_index on products (${keys}`);
    this.addSql(`
      do $$
      declare
        last uuid := '00000000-0000-0000-0000-000000000000';
        next uuid;
      begin
        loop
          next := (
            select id from (select id from products where id > last order by id limit ${BATCH_SIZE}) batch order by id desc limit 1
          );
          exit when next is null;
          with batch as (
            select id from products where id > last and id <= next and unit_price_cents is null order by id for no key update
          )
          update products p set unit_price_cents = price_cents from batch where p.id = batch.id;
          commit;
          last := next;
        end loop;
      end $$`);
    this.addSql(`analyze products (unit_price_cents)`);
  }
}
