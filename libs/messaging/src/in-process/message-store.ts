import type { ServiceName } from '@app/contracts';
import { Logger } from '@nestjs/common';
import { Pool } from 'pg';
import { connectionOptions, DatabaseClient } from '../database/database-client.js';
import type { Outcome } from '../event-delivery.js';
import type { DeadLetter } from '../transport.js';
import { Batch } from './batch.js';

/** An event for one service. */
export interface StoredMessage {
  service: ServiceName;
  id: string;
  /** The CloudEvent as JSON. */
  body: string;
  /** The number of failed attempts. */
  attempts: number;
}

type Settled = Pick<StoredMessage, 'service' | 'id' | 'attempts'>;
type Failed = Settled & { outcome: Exclude<Outcome, { kind: 'done' }> };

const SCHEMA = `
  select pg_advisory_xact_lock(7391002);
  create schema if not exists broker;
  create table if not exists broker.messages (
    service text not null,
    id uuid not null,
    seq bigint generated always as identity,
    event jsonb not null,
    attempts int not null default 0,
    available_at timestamptz not null default now(),
    dead_at timestamptz,
    reason text,
    primary key (service, id));
  create index if not exists messages_waiting on broker.messages (service, seq) where dead_at is null;
  create index if not exists messages_dead on broker.messages (service, seq) where dead_at is not null`;

/** Stores the events that services have not handled yet in PostgreSQL, like a broker on its disk. */
export class MessageStore {
  /** A single connection keeps statements in order, so that a delivered message cannot be read as pending. */
  private readonly db: Pool;
  private ready?: Promise<unknown>;
  private readonly inserts = new Batch((items: StoredMessage[]) => this.insert(items));
  private readonly removals = new Batch((items: Settled[]) => this.remove(items));
  private readonly failures = new Batch((items: Failed[]) => this.setAside(items));

  constructor(databaseUrl: string) {
    this.db = new Pool({
      ...connectionOptions(),
      Client: DatabaseClient,
      connectionString: databaseUrl,
      application_name: 'messages',
      max: 1,
      idleTimeoutMillis: 0,
    });
    const logger = new Logger(MessageStore.name);
    this.db.on('error', (error) => logger.warn(`The connection was lost: ${error.message}`));
  }

  /** Resolves once each service's copy is on disk. @returns the copies that are new. */
  async add(id: string, body: string, services: readonly ServiceName[]): Promise<StoredMessage[]> {
    const copies = services.map((service) => ({ service, id, body, attempts: 0 }));
    const stored = await Promise.all(copies.map((copy) => this.inserts.add(copy)));
    return copies.filter((copy, i) => stored[i]!.has(copy));
  }

  /** Resolves once the outcome of an attempt is on disk; `attempts` includes that attempt. */
  settle(message: Settled, outcome: Outcome): Promise<void> {
    return outcome.kind === 'done' ? this.removals.add(message) : this.failures.add({ ...message, outcome });
  }

  /** The oldest messages that are due. */
  async pending(service: ServiceName, limit: number): Promise<StoredMessage[]> {
    return this.query<StoredMessage>(
      `select service, id, event::text as body, attempts from broker.messages
       where service = $1 and dead_at is null and available_at <= now() order by seq limit $2`,
      [service, limit],
    );
  }

  async deadLetters(service: ServiceName): Promise<DeadLetter[]> {
    const rows = await this.query<Omit<DeadLetter, 'time'> & { time: Date }>(
      `select id, event ->> 'type' as type, reason, dead_at as time, attempts from broker.messages
       where service = $1 and dead_at is not null order by seq limit 1000`,
      [service],
    );
    return rows.map((row) => ({ ...row, time: row.time.toISOString() }));
  }

  async redeliver(service: ServiceName, id?: string): Promise<number> {
    const rows = await this.query(
      `update broker.messages set dead_at = null, reason = null, attempts = 0, available_at = now()
       where service = $1 and dead_at is not null and ($2::text is null or id::text = $2) returning id`,
      [service, id ?? null],
    );
    return rows.length;
  }

  async check(): Promise<void> {
    await this.query('select 1', []);
  }

  async close(): Promise<void> {
    if (!this.db.ending) await this.db.end();
  }

  private async insert(items: StoredMessage[]): Promise<Set<StoredMessage>> {
    const rows = await this.query<{ service: string; id: string }>(
      `insert into broker.messages (service, id, event)
       select * from unnest($1::text[], $2::uuid[], $3::jsonb[]) on conflict do nothing returning service, id`,
      [items.map(({ service }) => service), items.map(({ id }) => id), items.map(({ body }) => body)],
    );
    const inserted = new Set(rows.map(({ service, id }) => `${service} ${id}`));
    // Each copy once, even if the batch has the same event twice.
    return new Set(items.filter(({ service, id }) => inserted.delete(`${service} ${id}`)));
  }

  private async remove(items: Settled[]): Promise<void> {
    await this.query(
      `delete from broker.messages m using unnest($1::text[], $2::uuid[]) as done (service, id)
       where m.service = done.service and m.id = done.id`,
      [items.map(({ service }) => service), items.map(({ id }) => id)],
    );
  }

  private async setAside(items: Failed[]): Promise<void> {
    await this.query(
      `update broker.messages m set attempts = failed.attempts, reason = failed.reason,
         available_at = now() + coalesce(failed.delay_ms, 0) * interval '1 ms',
         dead_at = case when failed.delay_ms is null then now() end
       from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::float8[]) as failed (service, id, attempts, reason, delay_ms)
       where m.service = failed.service and m.id = failed.id`,
      [
        items.map(({ service }) => service),
        items.map(({ id }) => id),
        items.map(({ attempts }) => attempts),
        items.map(({ outcome }) => outcome.reason),
        items.map(({ outcome }) => (outcome.kind === 'retry' ? outcome.delayMs : null)),
      ],
    );
  }

  private async query<T extends object>(sql: string, values: unknown[]): Promise<T[]> {
    this.ready ??= this.db.query(SCHEMA);
    try {
      await this.ready;
    } catch (error) {
      this.ready = undefined;
      throw error;
    }
    const { rows } = await this.db.query<T>(sql, values);
    return rows;
  }
}
