import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** An event that has had its effect; written in the effect's own transaction, and kept for a week. */
@Entity({ tableName: 'inbox' })
export class InboxMessage {
  @PrimaryKey({ type: 'uuid' })
  messageId: string;

  @Index()
  @Property({ columnType: 'timestamptz', defaultRaw: 'now()' })
  handledAt: Date;
}
