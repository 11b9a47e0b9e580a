import { Migration } from '@mikro-orm/migrations';

/** What lists of products are sorted by. The id, last, tells equals apart. */
const SORTS = { newest: 'id', price: 'price_cents, id', name: 'name_key, id' };
/** Indexes that hold one list alone, so that the planner takes them however the list's products lie among all. */
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
    // Without fastupdate, which would leave a list of what is new to be read through by every search.
    this.addSql(`
      create index products_words_index on products using gin (words) with (fastupdate = off) where deleted_at is null`);
    // Whether to search by that index or to look through a sorted list depends on how common a word is: know many of them.
    this.addSql(`alter table products alter column words set statistics 1000`);
    // Orders change the stock, which no index holds: with room on its page, the new row needs no entry in any of them.
    this.addSql(`alter table products set (fillfactor = 80)`);
  }
}
