import { Migration } from '@mikro-orm/migrations';

/** Marks that a search ignores: accents, Hebrew points and Arabic vowels. Marks of Indic scripts, Thai and kana are parts of letters. */
const MARKS = String.raw`\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed`;
/** Characters without a shape of their own: Unicode's Default_Ignorable_Code_Point. */
const IGNORABLE = String.raw`\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff`;
/** Punctuation and symbols beyond ASCII. Which of them end a word would otherwise depend on the database's locale. */
const SEPARATORS = String.raw`\u00a0-\u00bf\u00d7\u00f7\u055a-\u055f\u0589\u05be\u05c0\u05c3\u05f3\u05f4\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3030\u3036\u3037\u303d-\u3040\u30a0\u30fb\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uff0f\uff61-\uff65\U0001f000-\U0001faff`;
/** Scripts whose words may lack spaces between them: Thai, Lao, Myanmar, Khmer, Hangul, kana, bopomofo and Han. */
const UNSPACED = String.raw`\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3031-\u3035\u3038-\u303c\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff`;

/**
 * Rows of one statement, so that an order waits for a locked row for milliseconds. In id order, as orders lock them, so that there
 * is no deadlock.
 */
const BATCH_SIZE = 1_000;

/**
 * Search terms without case and accents. A trigger computes them, because instances of the previous release also write products,
 * and because a generated column would rewrite the whole table while it is locked. Each statement can be repeated.
 */
export class Migration004Search extends Migration {
  /** The batches commit one by one. */
  override isTransactional() {
    return false;
  }

  override up() {
    this.addSql(`
      create or replace function search_text(input text) returns text language plpgsql immutable strict parallel safe as $$
      begin
        if octet_length(input) = length(input) then return lower(input collate "C"); end if;
        input := lower(normalize(input, NFKD) collate "und-x-icu");
        input := translate(regexp_replace(input, '[${MARKS}${IGNORABLE}]+', '', 'g'), 'ıłøđħŧς', 'ilodhtσ');
        input := replace(replace(replace(replace(input, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        return normalize(input, NFKC);
      end $$`);
    this.addSql(`
      create or replace function search_terms(name text, description text) returns tsvector
      language plpgsql immutable strict parallel safe as $$
      declare
        -- PostgreSQL's parser reads red/blue as a path and tea.cups as a host.
        words text := translate(search_text(name || ' ' || description), './@<>&', '      ');
      begin
        if octet_length(words) > length(words) then
          words := regexp_replace(words, '[${SEPARATORS}]+', ' ', 'g');
          words := regexp_replace(words, '([${UNSPACED}]+)', ' \\1 ', 'g');
          -- abcd becomes a ab bc cd d: each part of the text is a phrase of pairs, and each character begins a term.
          words := regexp_replace(words, '([${UNSPACED}])', '\\1 \\1', 'g');
        end if;
        return to_tsvector('simple', words);
      end $$`);
    this.addSql(`
      create or replace function search_query(input text) returns tsquery language plpgsql immutable strict parallel safe as $$
      declare
        found tsquery := websearch_to_tsquery('simple', search_text(input));
      begin
        -- A single character of these scripts matches the terms that it begins.
        if octet_length(input) > length(input) then
          found := regexp_replace(found::text, '''([${UNSPACED}])''', '''\\1'':*', 'g')::tsquery;
        end if;
        return found;
      end $$`);
    this.addSql(`
      create or replace function set_search_terms() returns trigger language plpgsql as $$
      begin
        new.terms := search_terms(new.name, new.description);
        return new;
      end $$`);
    this.addSql(`alter table products add if not exists terms tsvector null`);
    this.addSql(`
      create or replace trigger products_terms before insert or update of name, description on products
      for each row execute function set_search_terms()`);
    // Built while the column is empty, in no time. A concurrent build would wait for ever for another instance that waits to migrate.
    // With fastupdate, every search would have to scan a list of pending entries.
    this.addSql(`
      create index if not exists products_terms_index on products using gin (terms) with (fastupdate = off)
      where deleted_at is null`);
    this.addSql(`
      do $$
      declare
        last uuid := '00000000-0000-0000-0000-000000000000';
      begin
        loop
          with batch as (
            select id from products where id > last and terms is null order by id limit ${BATCH_SIZE} for no key update
          ), filled as (
            update products p set terms = search_terms(name, description) from batch where p.id = batch.id returning p.id
          )
          select id into last from filled order by id desc limit 1;
          exit when last is null;
          commit;
        end loop;
      end $$`);
    // The planner chooses between this index and a sorted list by the frequency of a term, so it needs statistics of many terms.
    this.addSql(`alter table products alter column terms set statistics 1000`);
    this.addSql(`analyze products (terms)`);
  }
}
