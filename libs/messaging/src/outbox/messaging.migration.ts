import { Migration } from '@mikro-orm/migrations';
import { NOTIFY } from './outbox-message.entity.js';

/** Creates the tables of the outbox and the inbox. It is the first migration of each service. */
export class MessagingMigration extends Migration {
  override up(): void {
    this.addSql(`create table "outbox" (
      "seq" bigserial primary key,
      "id" uuid not null,
      "type" text not null,
      "data" jsonb not null,
      "traceparent" text null,
      "time" timestamptz not null default now())`);
    this.addSql(`create table "inbox" (
      "message_id" uuid primary key,
      "handled_at" timestamptz not null default now())`);
    this.addSql(`create index "inbox_handled_at_index" on "inbox" ("handled_at")`);
    // The ORM expects these names for the entity's trigger.
    this.addSql(`create function "outbox_outbox_notify_fn"() returns trigger as
      $$ begin ${NOTIFY} end; $$ language plpgsql`);
    this.addSql(`create trigger "outbox_notify" after insert on "outbox"
      for each statement execute function "outbox_outbox_notify_fn"()`);
  }

  override down(): void {
    this.addSql('drop table "outbox"');
    this.addSql('drop function outbox_outbox_notify_fn');
    this.addSql('drop table "inbox"');
  }
}
