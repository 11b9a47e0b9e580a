import { Migration } from '@mikro-orm/migrations';

export class Migration001Users extends Migration {
  override up() {
    this.addSql(`
      create table users (
        id uuid primary key,
        name varchar(100) not null,
        email varchar(254) not null,
        password_hash varchar(255) not null,
        role text not null default 'CUSTOMER',
        bio text not null default '',
        shipping_address text not null default '',
        pincode text not null default '',
        city text not null default '',
        country text not null default '',
        phone_number text not null default '',
        version int not null default 1,
        created_at timestamptz not null,
        constraint users_email_unique unique (email),
        constraint users_role_check check (role in ('CUSTOMER', 'ADMIN'))
      )`);
    this.addSql(`
      create table sessions (
        id uuid primary key,
        user_id uuid not null,
        refresh_token_hash text not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        ended_at timestamptz null,
        constraint sessions_refresh_token_hash_unique unique (refresh_token_hash),
        constraint sessions_user_id_foreign foreign key (user_id) references users (id) on delete cascade
      )`);
    this.addSql(`create index sessions_user_id_index on sessions (user_id)`);
    this.addSql(`
      create table signing_keys (
        id text primary key,
        private_key text not null,
        created_at timestamptz not null
      )`);
  }
}
