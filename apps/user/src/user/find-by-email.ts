import { canonicalEmail } from '@app/contracts';
import type { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { User } from './user.entity.js';

/**
 * The user with an e-mail address, in any form of it. Earlier releases let two users register forms of one address. Each of them is
 * found by the form that they registered.
 */
export async function findByEmail(
  em: EntityManager,
  email: string,
  lockMode?: LockMode.PESSIMISTIC_WRITE,
): Promise<User | null> {
  const canonical = canonicalEmail(email);
  const isTheSame = { $or: [{ email: { $in: [email, canonical] } }, { emailKey: canonical }] };
  const users = await em.find(User, isTheSame, { ...(lockMode && { lockMode }) });
  return (
    users.find((user) => user.email === email) ?? users.find((user) => user.email === canonical) ?? users[0] ?? null
  );
}
