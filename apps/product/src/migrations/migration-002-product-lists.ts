import { Migration } from '@mikro-orm/migrations';

/** The sort keys of product lists. The id comes last and makes each key unique. */
const SORTS = { newest: 'id', price: 'price_cents, id', name: 'name_key, id' };
/** Each list has its own partial indexes, so that the planner uses them however the list's products are distributed. */
const LISTS = {
  all: 'deleted_at is null',
  in_stock: 'deleted_at is null and in_stock',
  sold_out: 'deleted_at is null and not in_stock',
};

export class Migration002ProductLists extends Migration {
  override up() {
    this.addSql(`
      alter table products
        add name_key text collate "C" generated always as (lower(name collate "und-x-icu")) stored,
        add in_stock boolean generated always as (stock > 0) stored,
        add words tsvector generated always as (
          to_tsvector('simple', translate(lower((name || ' ' || description) collate "und-x-icu"), './@<>&', '      '))
        ) stored`);
    for (const [sort, key] of Object.entries(SORTS)) {
      for (const [list, where] of Object.entries(LISTS))
        this.addSql(`create index products_${list}_${sort}_index on products (${key}) where ${where}`);
      this.addSql(`
        create index products_seller_${sort}_index on products (seller_id, ${key}) where deleted_at is null`);
    }
    // With fastupdate, every search would have to scan a list of pending entries.
    this.addSql(`
      create index products_words_index on products using gin (words) with (fastupdate = off) where deleted_at is null`);
    // The planner chooses between this index and a sorted list by the frequency of a word, so it needs statistics of many words.
    this.addSql(`alter table products alter column words set statistics 1000`);
    // Orders change the stock, which no index contains. With free space on the page these are HOT updates, without index writes.
    this.addSql(`alter table products set (fillfactor = 80)`);
  }
}
