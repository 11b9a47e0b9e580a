import type { Event, Payload } from '@app/contracts';
import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { checkedSize } from '../message-size.js';
import { currentTraceparent } from '@app/telemetry';
import { OutboxMessage } from './outbox-message.entity.js';

/** Tells events: each is published once the transaction that it was added in has committed, and never if it has not. */
@Injectable()
export class Outbox {
  constructor(private readonly em: EntityManager) {}

  /** Adds the event to what the current EntityManager flushes next. @throws AppError when it is too large for a message. */
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

/** The columns of an outbox row, for a statement of one's own: `insert into outbox (id, type, data, traceparent) values …`. */
export interface OutboxRow {
  id: string;
  type: string;
  /** JSON */
  data: string;
  traceparent: string | null;
}

/** @throws AppError when it is too large for a message: its relay could never publish it. */
export const outboxRow = <E extends Event>(event: E, payload: Payload<E>): OutboxRow => ({
  id: randomUUID(),
  type: event.pattern,
  data: jsonOf(event, payload),
  traceparent: currentTraceparent() ?? null,
});

const jsonOf = (event: Event, payload: unknown) => checkedSize(JSON.stringify(payload), `event ${event.pattern}`);
