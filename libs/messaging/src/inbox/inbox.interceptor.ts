import { MikroORM, RequestContext } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Optional, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { EventContext } from '../event-delivery.js';
import { inboxDuplicates } from '../metrics.js';

/** Runs each event handler in one transaction with its inbox row, so that a second delivery has no second effect. */
@Injectable()
export class InboxInterceptor implements NestInterceptor {
  constructor(@Optional() private readonly orm?: MikroORM) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!this.orm) return next.handle();
    const delivery = context.switchToRpc().getContext<EventContext>();
    const em = this.orm.em as EntityManager;
    return from(RequestContext.create(em, () => this.once(em, delivery, next)));
  }

  /** A delivery of the same event that runs at the same time waits at the insert for how this one ends. */
  private once(em: EntityManager, { event, consumer }: EventContext, next: CallHandler): Promise<void> {
    return em.transactional(async (tx) => {
      const first = await tx.execute(
        'insert into inbox (message_id) values (?) on conflict do nothing returning message_id',
        [event.id],
      );
      if (first.length) await lastValueFrom(next.handle(), { defaultValue: undefined });
      else inboxDuplicates.inc({ service: consumer, event: event.type });
    });
  }
}
