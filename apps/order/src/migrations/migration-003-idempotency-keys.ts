import { Migration } from '@mikro-orm/migrations';

export class Migration003IdempotencyKeys extends Migration {
  override up() {
    this.addSql(`
      create table idempotency_keys (
        user_id uuid not null,
        key text not null,
        hash text not null,
        refusal jsonb null,
        created_at timestamptz not null default now(),
        primary key (user_id, key)
      )`);
  }
}
