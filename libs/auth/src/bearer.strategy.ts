import { randomUUID } from 'node:crypto';
import { AppError, type ValidToken } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy } from 'passport-http-bearer';
import { TokenVerdicts } from './token-verdicts.js';

/** In any case, with one or more spaces (RFC 9110, section 11.4). */
const BEARER = /^bearer +(\S+)$/i;

@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy) {
  /** Passport keeps strategies by name for the whole process, which may hold more than one app. */
  override readonly name = `bearer-${randomUUID()}`;

  constructor(private readonly verdicts: TokenVerdicts) {
    super();
    passport.use(this.name, this);
  }

  /**
   * @param authorization the value of the header `Authorization`, or of the same parameter of a WebSocket connection.
   * @returns undefined if this is not `Bearer <token>`.
   * @throws AppError UNAUTHENTICATED if the token is not valid, any other code if it cannot be checked now.
   */
  async sessionOf(authorization: string): Promise<ValidToken | undefined> {
    const token = BEARER.exec(authorization.trim())?.[1];
    if (token === undefined) return undefined;
    return new Promise((resolve, reject) => {
      const done = (error: unknown, session: ValidToken | false) =>
        error ? reject(error as Error) : resolve(session || undefined);
      const request = { headers: { authorization: `Bearer ${token}` } };
      passport.authenticate(this.name, { session: false }, done)(request, {}, reject);
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
