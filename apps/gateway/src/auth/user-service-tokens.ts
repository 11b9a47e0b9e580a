import type { TokenValidator } from '@app/auth';
import { type UserClient, users, type ValidToken } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Injectable } from '@nestjs/common';

/** The user service issues the tokens and validates them. */
@Injectable()
export class UserServiceTokens implements TokenValidator {
  constructor(@InjectClient(users) private readonly userService: UserClient) {}

  validate(token: string): Promise<ValidToken> {
    return this.userService.validateToken({ token });
  }
}
