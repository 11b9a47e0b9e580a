import { Role } from '@app/contracts';
import { Outbox } from '@app/messaging';
import { ormOptions, prepareDatabase, type DatabaseServiceConfig } from '@app/platform';
import { LockMode, MikroORM, RequestContext, type EntityManager } from '@mikro-orm/postgresql';
import { database } from './mikro-orm.config.js';
import { endSessions } from './session/end-sessions.js';
import { outdatedKeys, signsFrom } from './session/key-rotation.js';
import { SigningKey } from './session/signing-key.entity.js';
import { findByEmail } from './user/find-by-email.js';
import { User } from './user/user.entity.js';

const USAGE = 'Usage: admin grant|revoke EMAIL, admin list [EMAIL] or admin rotate-keys';

type Action = (em: EntityManager, email: string) => Promise<string>;

/** By name, with the numbers of e-mails that each accepts. */
const ACTIONS: Record<string, { act: Action; emails: number[] }> = {
  grant: { act: grant, emails: [1] },
  revoke: { act: revoke, emails: [1] },
  list: { act: list, emails: [0, 1] },
  'rotate-keys': { act: rotateKeys, emails: [0] },
};

/**
 * What only an operator may do; the API has no access to it. The service may be running or stopped.
 * @returns the text to print. @throws an Error with a message for the operator.
 */
export async function admin([name = '', ...emails]: string[], config: DatabaseServiceConfig): Promise<string> {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action?.emails.includes(emails.length)) throw new Error(USAGE);
  const orm = await MikroORM.init(ormOptions('user', database, config));
  try {
    await prepareDatabase(orm, { name: 'user', database }, config);
    const email = emails[0]?.trim().toLowerCase() ?? '';
    return await RequestContext.create(orm.em, () => orm.em.transactional((tx) => action.act(tx, email)));
  } finally {
    await orm.close();
  }
}

async function grant(em: EntityManager, email: string): Promise<string> {
  const user = await locked(em, email);
  if (!user.become(Role.ADMIN)) return `${email} is already an admin.`;
  return `${email} is now an admin.`;
}

/** Also ends the user's sessions, so that no cached token keeps the role. */
async function revoke(em: EntityManager, email: string): Promise<string> {
  const user = await locked(em, email);
  if (!user.become(Role.CUSTOMER)) return `${email} is not an admin.`;
  await endSessions(em, new Outbox(em), { user: user.id });
  return `${email} is no longer an admin and must log in again.`;
}

async function list(em: EntityManager, email: string): Promise<string> {
  const user = email ? await findByEmail(em, email) : undefined;
  if (user === null) return `${email} is not an admin.`;
  const admins = await em.find(User, { role: Role.ADMIN, ...(user && { id: user.id }) }, { orderBy: { email: 'asc' } });
  if (admins.length > 0) return admins.map(({ email, name }) => `${email}  ${name}`).join('\n');
  return email ? `${email} is not an admin.` : 'There are no admins.';
}

async function rotateKeys(em: EntityManager): Promise<string> {
  const keys = await em.find(SigningKey, {}, { orderBy: { createdAt: 'asc', id: 'asc' } });
  const outdated = outdatedKeys(keys);
  em.remove(outdated);
  const key = SigningKey.generate();
  em.persist(key);
  const from = keys.length > 0 ? `from ${signsFrom(key).toISOString()}` : 'now';
  return `A new key signs access tokens ${from}. Keys removed because no valid token uses them: ${outdated.length}.`;
}

async function locked(em: EntityManager, email: string): Promise<User> {
  const user = await findByEmail(em, email, LockMode.PESSIMISTIC_WRITE);
  if (!user) throw new Error(`No user has the e-mail ${email}.`);
  return user;
}
