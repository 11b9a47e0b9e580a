import { users } from '@app/contracts';
import type { Outbox } from '@app/messaging';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Session } from './session.entity.js';

/** The contract's limit of session ids in one event. */
const MAX_IN_EVENT = 1_000;

/** Ends a user's live sessions and adds the event to the outbox. The caller runs the transaction. */
export async function endSessions(
  em: EntityManager,
  outbox: Outbox,
  which: { user: string; id?: string | { $ne: string } },
): Promise<void> {
  const ended = await em
    .createQueryBuilder(Session)
    .update({ endedAt: new Date() })
    .where({ ...which, ...Session.live() })
    .returning('id')
    .execute<{ id: string }[]>('all');
  const ids = ended.map(({ id }) => id);
  for (let from = 0; from < ids.length; from += MAX_IN_EVENT)
    outbox.add(users.events.sessionEnded, { sessionIds: ids.slice(from, from + MAX_IN_EVENT) });
}
