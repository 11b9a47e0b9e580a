import { Migration } from '@mikro-orm/migrations';

/** Rows of one statement. Only new orders write items, so nobody waits for these rows. */
const BATCH_SIZE = 5_000;

/** Prices of more than 32 bits, in a new column: see the migration 006-unit-prices of the product service. Each statement can be repeated. */
export class Migration005UnitPrices extends Migration {
  /** The batches commit one by one. */
  override isTransactional() {
    return false;
  }

  override up() {
    this.addSql(`
      alter table order_items
        add if not exists unit_price_cents bigint null,
        alter price_cents drop not null`);
    this.addSql(`
      create or replace function set_unit_price() returns trigger language plpgsql as $$
      begin
        -- Instances of the previous release write price_cents only.
        if new.unit_price_cents is null then
          new.unit_price_cents := new.price_cents;
        else
          new.price_cents := least(new.unit_price_cents, 2147483647);
        end if;
        return new;
      end $$`);
    this.addSql(`
      create or replace trigger order_items_unit_price before insert on order_items
      for each row execute function set_unit_price()`);
    this.addSql(`
      do $$
      declare
        last uuid := '00000000-0000-0000-0000-000000000000';
        next uuid;
      begin
        loop
          next := (
            select id from (select id from order_items where id > last order by id limit ${BATCH_SIZE}) batch order by id desc limit 1
          );
          exit when next is null;
          with batch as (
            select id from order_items where id > last and id <= next and unit_price_cents is null order by id for no key update
          )
          update order_items i set unit_price_cents = price_cents from batch where i.id = batch.id;
          commit;
          last := next;
        end loop;
      end $$`);
  }
}
