import { failureOf, type ServiceName } from '@app/contracts';
import { Logger } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import type { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { cloudEvent, type OutgoingEvent } from '../cloud-event.js';
import { connectionOptions, DatabaseClient, QUERY_TIMEOUT_MS } from '../database/database-client.js';
import { eventsPublished, outboxMessages, outboxOldestAge } from '../metrics.js';
import { currentTraceparent, runAsSpan, SpanKind } from '@app/telemetry';
import { ASLEEP_LOCK } from './outbox-message.entity.js';

const BATCH = 200;
const POLL_MS = 1_000;
const NEARLY_ASLEEP_MS = 5;
const MEASURE_MS = 5_000;
/** The service is not ready while an event has waited for longer. */
const MAX_AGE_SECONDS = 60;
/**
 * The server ends the session of a relay that is silent for this long, such as a frozen process, and so releases the leader's
 * lock. A working leader is never silent for this long: the broker has 10 s to confirm.
 */
const MAX_SILENCE_MS = 20_000;
/** The advisory lock of the leader. One relay per database leads, the others stand by. Any number that nothing else locks. */
const LEADER_LOCK = 7_391_001;

type Row = OutgoingEvent & { seq: string };

/**
 * Publishes the events in the outbox, oldest first, and deletes each row after the broker has confirmed it. If a relay dies in
 * between, the event is published twice with the same id, and the consumers' inboxes detect the duplicate.
 */
export class OutboxRelay {
  private readonly logger = new Logger(OutboxRelay.name);
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private ageSeconds = 0;
  private measuredAt = 0;
  private idle = false;
  private woken = false;
  private wake: () => void = () => {};

  constructor(
    private readonly service: ServiceName,
    private readonly databaseUrl: string,
    private readonly publisher: ClientProxy,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Finishes the current batch first. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
    outboxOldestAge.remove({ service: this.service });
    await this.publisher.close();
  }

  /** @throws if events wait for too long because no instance publishes them. */
  check(): void {
    if (this.ageSeconds > MAX_AGE_SECONDS)
      throw new Error(`Events are not published: the oldest has waited for ${Math.round(this.ageSeconds)} s`);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const db: Client = new DatabaseClient({
        ...connectionOptions({ queryTimeoutMs: QUERY_TIMEOUT_MS, session: { idle_session_timeout: MAX_SILENCE_MS } }),
        connectionString: this.databaseUrl,
        application_name: 'outbox relay',
      });
      // The next query on a broken connection fails and ends the session; nothing else to do here.
      db.on('error', () => this.notify());
      db.on('notification', () => this.notify());
      try {
        await db.connect();
        await this.lead(db);
      } catch (error) {
        this.logger.warn(`The outbox waits: ${String(error)}`);
        await this.pause();
      } finally {
        this.measuredAt = 0;
        outboxMessages.remove({ service: this.service });
        await db.end().catch(() => {});
      }
    }
  }

  /** Runs one database session, until it breaks or the relay stops. */
  private async lead(db: Client): Promise<void> {
    await this.measure(db);
    while (!(await tryLock(db, LEADER_LOCK))) {
      await this.pause();
      if (this.stopped) return;
      await this.measure(db);
    }
    await db.query('listen outbox');
    let countedAt = 0;
    let rows = await oldest(db);
    while (!this.stopped) {
      await this.measure(db);
      if (Date.now() - countedAt > MEASURE_MS) {
        countedAt = Date.now();
        await this.count(db);
      }
      const failure = await this.publish(db, rows);
      if (failure) {
        this.logger.warn(`${rows.length} events or more wait in the outbox: ${String(failure)}`);
        await this.pause();
      }
      rows = failure || rows.length === BATCH ? await oldest(db) : await this.next(db);
    }
  }

  /** Returns the oldest events, after a sleep if there are none. `ASLEEP_LOCK` ensures that it never sleeps over a committed event. */
  private async next(db: Client): Promise<Row[]> {
    this.woken = false;
    if (!(await tryLock(db, ASLEEP_LOCK))) {
      // A transaction that will not notify is still running.
      await sleep(NEARLY_ASLEEP_MS);
      return oldest(db);
    }
    try {
      const rows = await oldest(db);
      if (rows.length) return rows;
      if (!this.woken) await this.pause(true);
    } finally {
      await db.query('select pg_advisory_unlock($1)', [ASLEEP_LOCK]);
    }
    return oldest(db);
  }

  /** @returns the reason why some events were not published. Their rows stay in the outbox. */
  private async publish(db: Client, rows: Row[]): Promise<unknown> {
    const results = await Promise.allSettled(
      rows.map((row) =>
        runAsSpan(row.traceparent, { name: `publish ${row.type}`, kind: SpanKind.PRODUCER, failureOf }, () =>
          this.publishEvent({ ...row, traceparent: currentTraceparent() ?? null }),
        ),
      ),
    );
    const confirmed = rows.filter((_, i) => results[i]!.status === 'fulfilled');
    for (const { type } of confirmed) eventsPublished.inc({ service: this.service, event: type });
    if (confirmed.length)
      await db.query('delete from outbox where seq = any($1::bigint[])', [confirmed.map(({ seq }) => seq)]);
    return results.find((result) => result.status === 'rejected')?.reason;
  }

  private async publishEvent(event: OutgoingEvent): Promise<void> {
    await lastValueFrom(this.publisher.emit(event.type, cloudEvent(event)), { defaultValue: undefined });
  }

  /** Called by every relay, because the leader may be frozen. */
  private async measure(db: Client): Promise<void> {
    if (Date.now() - this.measuredAt < MEASURE_MS) return;
    this.measuredAt = Date.now();
    const sql = 'select extract(epoch from now() - time)::float8 as age from outbox order by seq limit 1';
    const { rows } = await db.query<{ age: number }>(sql);
    this.ageSeconds = rows[0]?.age ?? 0;
    outboxOldestAge.set({ service: this.service }, this.ageSeconds);
  }

  /** Called by the leader only. */
  private async count(db: Client): Promise<void> {
    const { rows } = await db.query<{ waiting: number }>('select count(*)::int as waiting from outbox');
    outboxMessages.set({ service: this.service }, rows[0]!.waiting);
  }

  private notify(): void {
    this.woken = true;
    if (this.idle) this.wake();
  }

  /** Waits for a second or until `stop`. An idle relay also wakes for new events; after a failure they must not shorten the wait. */
  private async pause(idle = false): Promise<void> {
    if (this.stopped) return;
    this.idle = idle;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.idle = false;
  }
}

const tryLock = async (db: Client, lock: number): Promise<boolean> => {
  const { rows } = await db.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [lock]);
  return rows[0]!.locked;
};

const oldest = async (db: Client): Promise<Row[]> => {
  const sql = 'select seq, id, type, data, traceparent, time from outbox order by seq limit $1';
  return (await db.query<Row>(sql, [BATCH])).rows;
};
