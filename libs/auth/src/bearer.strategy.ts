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

  async validate(token: string): Promise<ValidToken> {
    try {
      return await this.verdicts.of(token);
    } catch (error) {
      // What is no token at all is refused by the rules of the request, before anyone looks whether it is valid.
      if (AppError.from(error).code === 'BAD_USER_INPUT') return unauthenticated('The access token is malformed');
      throw error;
    }
  }
}

export function unauthenticated(message: string): never {
  throw new AppError('UNAUTHENTICATED', message);
}
