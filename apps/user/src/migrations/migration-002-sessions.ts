import { Migration } from '@mikro-orm/migrations';

export class Migration002Sessions extends Migration {
  override up() {
    // A refresh token contains its session's id, so no query looks for the hash.
    this.addSql(`alter table sessions drop constraint sessions_refresh_token_hash_unique`);
    this.addSql(`create index sessions_expires_at_index on sessions (expires_at)`);
    this.addSql(`
      create table login_failures (
        email_hash text primary key,
        failures int not null default 0,
        wait_until timestamptz not null default now(),
        last_failed_at timestamptz not null default now()
      )`);
    this.addSql(`create index login_failures_last_failed_at_index on login_failures (last_failed_at)`);
  }
}
