import { Migration } from '@mikro-orm/migrations';

export class Migration005StockAdjustments extends Migration {
  override up() {
    this.addSql(`
      create table stock_adjustments (
        user_id uuid not null,
        key text not null,
        product_id uuid not null,
        delta int not null,
        refusal jsonb null,
        created_at timestamptz not null default now(),
        primary key (user_id, key)
      )`);
  }
}
