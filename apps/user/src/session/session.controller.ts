import {
  AppError,
  canonicalEmail,
  users,
  type AuthTokens,
  type LoginInput,
  type Logout,
  type PasswordChange,
  type RefreshToken,
  type SessionIds,
  type TokenToValidate,
  type ValidToken,
} from '@app/contracts';
import { OnRequest, Outbox } from '@app/messaging';
import { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { UserConfig } from '../config.js';
import { findByEmail } from '../user/find-by-email.js';
import { User } from '../user/user.entity.js';
import { AccessTokens } from './access-tokens.js';
import { endSessions } from './end-sessions.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordHasher } from './password-hasher.js';
import { sessionIdOf } from './refresh-token.js';
import { Session } from './session.entity.js';

/**
 * Requests that end several sessions lock the user's row, and so does a login. A concurrent login is either ended with the
 * others or begins afterwards, when its password is still right.
 */
@Controller()
export class SessionController {
  constructor(
    private readonly em: EntityManager,
    private readonly outbox: Outbox,
    private readonly accessTokens: AccessTokens,
    private readonly loginThrottle: LoginThrottle,
    private readonly passwordHasher: PasswordHasher,
    private readonly config: UserConfig,
  ) {}

  @OnRequest(users.requests.login)
  async login({ email, password }: LoginInput): Promise<AuthTokens> {
    const user = await findByEmail(this.em, email);
    // Forms of one address share a wait.
    const throttled = user?.email ?? canonicalEmail(email);
    const matches = await this.loginThrottle.passwordMatches(throttled, user?.passwordHash, password);
    if (!matches || !user) throw invalidCredentials();
    const { session, refreshToken } = Session.begin(user);
    await this.em.transactional(async (tx) => {
      await this.lockWithPassword(user, LockMode.PESSIMISTIC_READ);
      tx.persist(session);
    });
    return { accessToken: await this.accessTokens.sign(session), refreshToken };
  }

  @OnRequest(users.requests.refresh)
  async refresh({ refreshToken }: RefreshToken): Promise<AuthTokens> {
    const id = sessionIdOf(refreshToken);
    const renewed = await this.em.transactional(async (tx) => {
      const session = id && (await tx.findOne(Session, { id, ...Session.live() }, LOCKED));
      if (!session) return undefined;
      if (session.accepts(refreshToken)) return { session, refreshToken: session.rotate(refreshToken) };
      const successor = session.successorOf(refreshToken);
      if (successor && (await this.isInGrace(session))) return { session, refreshToken: successor };
      // A reused token may be stolen, so the session ends for both. An error thrown here would roll that back.
      if (session.hasIssued(refreshToken)) await endSessions(tx, this.outbox, { user: session.user.id, id });
      return undefined;
    });
    if (!renewed) throw new AppError('INVALID_REFRESH_TOKEN', 'The refresh token is not valid: log in again');
    return { accessToken: await this.accessTokens.sign(renewed.session), refreshToken: renewed.refreshToken };
  }

  @OnRequest(users.requests.logout)
  async logout({ userId, sessionId, everywhere }: Logout): Promise<void> {
    await this.em.transactional(async (tx) => {
      if (everywhere) await tx.findOne(User, { id: userId }, LOCKED);
      await endSessions(tx, this.outbox, { user: userId, ...(!everywhere && { id: sessionId }) });
    });
  }

  @OnRequest(users.requests.changePassword)
  async changePassword({ userId, sessionId, passwords }: PasswordChange): Promise<AuthTokens> {
    const user = await this.em.findOneOrFail(User, { id: userId });
    const { currentPassword, newPassword } = passwords;
    if (!(await this.loginThrottle.passwordMatches(user.email, user.passwordHash, currentPassword)))
      throw invalidCredentials();
    const passwordHash = await this.passwordHasher.hash(newPassword);
    const { session, refreshToken } = await this.em.transactional(async (tx) => {
      await this.lockWithPassword(user, LockMode.PESSIMISTIC_WRITE);
      const session = await tx.findOne(Session, { id: sessionId, user: userId, ...Session.live() }, LOCKED);
      if (!session) throw sessionEnded();
      user.passwordHash = passwordHash;
      await endSessions(tx, this.outbox, { user: userId, id: { $ne: sessionId } });
      return { session, refreshToken: session.renew() };
    });
    return { accessToken: await this.accessTokens.sign(session), refreshToken };
  }

  @OnRequest(users.requests.validateToken)
  async validateToken({ token }: TokenToValidate): Promise<ValidToken> {
    const { sid, exp } = await this.accessTokens.verify(token);
    const session = await this.em.findOne(Session, { id: sid, ...Session.live() }, { populate: ['user'] });
    if (!session) throw sessionEnded();
    const { user } = session;
    return { userId: user.id, role: user.role, sessionId: session.id, expiresAt: new Date(exp * 1000).toISOString() };
  }

  @OnRequest(users.requests.endedSessions)
  async endedSessions({ ids }: SessionIds): Promise<string[]> {
    const live = await this.em.find(Session, { id: { $in: ids }, ...Session.live() }, { fields: ['id'] });
    const liveIds = new Set(live.map(({ id }) => id));
    return ids.filter((id) => !liveIds.has(id));
  }

  private async isInGrace({ id }: Session): Promise<boolean> {
    const since = 'rotated_at > clock_timestamp() - make_interval(secs => ?)';
    const sql = `select 1 from sessions where id = ? and ${since}`;
    return (await this.em.execute(sql, [id, this.config.REFRESH_GRACE_SECONDS])).length > 0;
  }

  /** @throws AppError INVALID_CREDENTIALS when the password has been changed since the user was read. */
  private async lockWithPassword({ id, passwordHash }: User, lockMode: LockMode): Promise<void> {
    if (!(await this.em.findOne(User, { id, passwordHash }, { lockMode }))) throw invalidCredentials();
  }
}

const LOCKED = { lockMode: LockMode.PESSIMISTIC_WRITE } as const;

const invalidCredentials = () => new AppError('INVALID_CREDENTIALS', 'Wrong e-mail or password');

const sessionEnded = () => new AppError('UNAUTHENTICATED', 'The session has ended');
