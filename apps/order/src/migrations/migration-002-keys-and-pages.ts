import { Migration } from '@mikro-orm/migrations';

export class Migration002KeysAndPages extends Migration {
  override up() {
    this.addSql(`alter table orders add column idempotency_key text null, add column idempotency_hash text null`);
    this.addSql(`
      create unique index orders_user_id_idempotency_key_unique on orders (user_id, idempotency_key)
      where idempotency_key is not null`);
    // Pages of one status, newest first: of all orders and of a customer's.
    this.addSql(`create index orders_status_id_index on orders (status, id)`);
    this.addSql(`create index orders_user_id_status_id_index on orders (user_id, status, id)`);
  }
}
