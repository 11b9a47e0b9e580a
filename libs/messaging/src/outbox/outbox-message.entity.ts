import { Entity, PrimaryKey, Property, Trigger } from '@mikro-orm/decorators/legacy';
import type { OutgoingEvent } from '../cloud-event.js';

/** Held by a relay that sleeps until it is told of something. Any number that nothing else locks. */
export const ASLEEP_LOCK = 7_391_003;

/**
 * The body of the trigger; the migration creates it likewise. Commits that notify wait for each other, each for its disk, so
 * only those do that find the relay asleep. The others hold the lock until they end, which keeps the relay from sleeping
 * before it has seen what they leave.
 */
export const NOTIFY = `if not pg_try_advisory_xact_lock_shared(${ASLEEP_LOCK}) then perform pg_notify('outbox', ''); end if; return null;`;

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
