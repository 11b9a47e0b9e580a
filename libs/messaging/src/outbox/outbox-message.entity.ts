import { Entity, PrimaryKey, Property, Trigger } from '@mikro-orm/decorators/legacy';
import type { OutgoingEvent } from '../cloud-event.js';

/** The body of the trigger; the migration creates it likewise. */
export const NOTIFY = `perform pg_notify('outbox', ''); return null;`;

/** An event that has happened and has not been published yet. */
@Entity({ tableName: 'outbox' })
// Wakes the relay at commit; its poll makes up for what it does not hear.
@Trigger({ name: 'outbox_notify', timing: 'after', events: ['insert'], forEach: 'statement', body: NOTIFY })
export class OutboxMessage implements OutgoingEvent {
  @PrimaryKey({ type: 'bigint', autoincrement: true })
  seq: string;

  @Property({ type: 'uuid' })
  id: string;

  @Property({ type: 'text' })
  type: string;

  @Property({ type: 'json' })
  data: object;

  @Property({ type: 'text', nullable: true })
  traceparent: string | null;

  @Property({ columnType: 'timestamptz', defaultRaw: 'now()' })
  time: Date;
}
