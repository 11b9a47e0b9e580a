import { MikroORM, RequestContext } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Optional, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { EventContext } from '../event-delivery.js';
import { inboxDuplicates } from '../metrics.js';
import { Turns } from '../turns.js';
import { afterCommit, withEffects } from './after-commit.js';

/** The default of pg. */
const DEFAULT_POOL_SIZE = 10;

/**
 * The turns of each database. Events use at most half of its connections, so that requests always find one. An event waits
 * here first and then for a connection, never in the opposite order.
 */
const turns = new WeakMap<MikroORM, Turns>();

/** Runs each event handler in one transaction with its inbox row, so that a duplicate delivery has no effect. */
@Injectable()
export class InboxInterceptor implements NestInterceptor {
  constructor(@Optional() private readonly orm?: MikroORM) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!this.orm) return next.handle();
    const delivery = context.switchToRpc().getContext<EventContext>();
    const em = this.orm.em as EntityManager;
    const once = () => RequestContext.create(em, () => this.once(em, delivery, next));
    return from(turnsOf(this.orm).run(once));
  }

  /** A concurrent delivery of the same event waits at the insert until this transaction ends. */
  private once(em: EntityManager, { event, consumer }: EventContext, next: CallHandler): Promise<void> {
    const handle = async (tx: EntityManager) => {
      const first = await tx.execute(
        'insert into inbox (message_id) values (?) on conflict do nothing returning message_id',
        [event.id],
      );
      if (first.length) await lastValueFrom(next.handle(), { defaultValue: undefined });
      else afterCommit(() => inboxDuplicates.inc({ service: consumer, event: event.type }));
    };
    return withEffects(() => em.transactional(handle));
  }
}

function turnsOf(orm: MikroORM): Turns {
  const known = turns.get(orm);
  if (known) return known;
  const poolSize = orm.config.get('pool').max ?? DEFAULT_POOL_SIZE;
  const made = new Turns(Math.max(1, Math.floor(poolSize / 2)));
  turns.set(orm, made);
  return made;
}
