import { Entity, PrimaryKey, Property, Trigger } from '@mikro-orm/decorators/legacy';
import type { OutgoingEvent } from '../cloud-event.js';

/** The advisory lock of a relay that sleeps until it is notified. Any number that nothing else locks. */
export const ASLEEP_LOCK = 7_391_003;

/**
 * The body of the trigger, also used by the migration. Commits that notify are serialised, each including its disk write, so
 * only transactions that find the relay asleep notify it. All others hold the lock in shared mode until they end: the relay
 * cannot fall asleep before it has read their events.
 */
export const NOTIFY = `if not pg_try_advisory_xact_lock_shared(${ASLEEP_LOCK}) then perform pg_notify('outbox', ''); end if; return null;`;

/** An event that has not been published yet. */
@Entity({ tableName: 'outbox' })
// Wakes the relay at commit. The relay also polls, in case a notification is lost.
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
