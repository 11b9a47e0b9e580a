import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A handled event. The row is written in the transaction of the handler and kept for a week. */
@Entity({ tableName: 'inbox' })
export class InboxMessage {
  @PrimaryKey({ type: 'uuid' })
  messageId: string;

  @Index()
  @Property({ columnType: 'timestamptz', defaultRaw: 'now()' })
  handledAt: Date;
}
