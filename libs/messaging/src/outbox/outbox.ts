import type { Event, Payload } from '@app/contracts';
import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { checkedSize } from '../message-size.js';
import { currentTraceparent } from '@app/telemetry';
import { OutboxMessage } from './outbox-message.entity.js';

/** Publishes events: each is published after the transaction that added it has committed, and never if it rolls back. */
@Injectable()
export class Outbox {
  constructor(private readonly em: EntityManager) {}

  /** Adds an event to the next flush of the current EntityManager. @throws AppError if the event is too large for a message. */
  add<E extends Event>(event: E, payload: Payload<E>): void {
    jsonOf(event, payload);
    this.em.persist(
      this.em.create(
        OutboxMessage,
        {
          id: randomUUID(),
          type: event.pattern,
          data: payload as object,
          traceparent: currentTraceparent() ?? null,
        },
        { partial: true },
      ),
    );
  }
}

/**
 * SQL that adds one event to the outbox for each row of `from`, as a part of a larger statement. `data` is an SQL expression
 * for the payload, by default the payload given to `outboxValues`.
 */
export const insertIntoOutbox = (from: string, data = ':eventData::jsonb') =>
  `insert into outbox (id, type, data, traceparent) select gen_random_uuid(), :eventType, ${data}, :traceparent from ${from}`;

/** The values that `insertIntoOutbox` refers to. @throws AppError if the payload is too large for a message. */
export const outboxValues = <E extends Event>(event: E, payload?: Payload<E>) => ({
  eventType: event.pattern,
  traceparent: currentTraceparent() ?? null,
  ...(payload !== undefined && { eventData: jsonOf(event, payload) }),
});

const jsonOf = (event: Event, payload: unknown) => checkedSize(JSON.stringify(payload), `event ${event.pattern}`);
