import { users } from '@app/contracts';
import type { Outbox } from '@app/messaging';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Session } from './session.entity.js';

/** As many as one event may name. */
const MOST_IN_EVENT = 1_000;

/** Ends those of a user's sessions that still live, and tells of it in the same transaction, which the caller has begun. */
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
  for (let from = 0; from < ids.length; from += MOST_IN_EVENT)
    outbox.add(users.events.sessionEnded, { sessionIds: ids.slice(from, from + MOST_IN_EVENT) });
}
