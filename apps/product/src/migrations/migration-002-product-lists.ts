import { Migration } from '@mikro-orm/migrations';

/** What pages of products are sorted by, each with the id to tell equals apart. */
const SORTS = { newest: 'id', price: 'price_cents, id', name: 'name_key, id' };
/** What a page can be narrowed to that is one value: it goes first, so that any page is one range of an index. */
const FILTERS = { all: '', seller: 'seller_id, ', in_stock: 'in_stock, ' };

export class Migration002ProductLists extends Migration {
  override up() {
    this.addSql(`
      alter table products
        add name_key text collate "C" generated always as (lower(name collate "und-x-icu")) stored,
        add in_stock boolean generated always as (stock > 0) stored,
        add words tsvector generated always as (
          to_tsvector('simple', translate(lower((name || ' ' || description) collate "und-x-icu"), './@<>&', '      '))
        ) stored`);
    for (const [filter, value] of Object.entries(FILTERS))
      for (const [sort, key] of Object.entries(SORTS))
        this.addSql(
          `create index products_${filter}_${sort}_index on products (${value}${key}) where deleted_at is null`,
        );
    // Without fastupdate, which would leave a list of what is new to be read through by every search.
    this.addSql(`
      create index products_words_index on products using gin (words) with (fastupdate = off) where deleted_at is null`);
    // Orders change the stock, which no index holds: with room on its page, the new row needs no entry in any of them.
    this.addSql(`alter table products set (fillfactor = 80)`);
  }
}
