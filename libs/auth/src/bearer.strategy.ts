import { randomUUID } from 'node:crypto';
import { AppError, type ValidToken } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy } from 'passport-http-bearer';
import { TokenVerdicts } from './token-verdicts.js';

@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy) {
  /** Passport keeps strategies by name for the whole process, which may hold more than one app. */
  override readonly name = `bearer-${randomUUID()}`;

  constructor(private readonly verdicts: TokenVerdicts) {
    super();
    passport.use(this.name, this);
  }

  /**
   * For credentials that come without an HTTP request.
   * @returns undefined if this is not `Bearer <token>`.
   * @throws AppError UNAUTHENTICATED if the token is not valid, any other code if it cannot be checked now.
   */
  sessionOf(authorization: string): Promise<ValidToken | undefined> {
    return new Promise((resolve, reject) => {
      const done = (error: unknown, session: ValidToken | false) =>
        error ? reject(error as Error) : resolve(session || undefined);
      passport.authenticate(this.name, { session: false }, done)({ headers: { authorization } }, {}, reject);
    });
  }

  async validate(token: string): Promise<ValidToken> {
    try {
      return await this.verdicts.of(token);
    } catch (error) {
      // A text that cannot be a token breaks a rule of the request to the user service.
      if (AppError.from(error).code === 'BAD_USER_INPUT') return unauthenticated('The access token is malformed');
      throw error;
    }
  }
}

export function unauthenticated(message: string): never {
  throw new AppError('UNAUTHENTICATED', message);
}
