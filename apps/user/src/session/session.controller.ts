import {
  AppError,
  users,
  type AuthTokens,
  type LoginInput,
  type TokenToValidate,
  type ValidToken,
} from '@app/contracts';
import { OnRequest } from '@app/messaging';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { User } from '../user/user.entity.js';
import { AccessTokens } from './access-tokens.js';
import { passwordMatches } from './password.js';
import { Session } from './session.entity.js';

@Controller()
export class SessionController {
  constructor(
    private readonly em: EntityManager,
    private readonly accessTokens: AccessTokens,
  ) {}

  @OnRequest(users.requests.login)
  async login({ email, password }: LoginInput): Promise<AuthTokens> {
    const user = await this.em.findOne(User, { email });
    if (!(await passwordMatches(user?.passwordHash, password)) || !user)
      throw new AppError('INVALID_CREDENTIALS', 'The e-mail and the password do not belong together');
    const { session, refreshToken } = Session.begin(user);
    await this.em.persist(session).flush();
    return { accessToken: await this.accessTokens.sign(session), refreshToken };
  }

  @OnRequest(users.requests.validateToken)
  async validateToken({ token }: TokenToValidate): Promise<ValidToken> {
    const { sid, exp } = await this.accessTokens.verify(token);
    const session = await this.em.findOne(Session, { id: sid, endedAt: null }, { populate: ['user'] });
    if (!session) throw new AppError('UNAUTHENTICATED', 'The session has ended');
    const { user } = session;
    return { userId: user.id, role: user.role, sessionId: session.id, expiresAt: new Date(exp * 1000).toISOString() };
  }
}
