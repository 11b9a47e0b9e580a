import type { ValidToken } from '@app/contracts';

/** Asks whoever issues the access tokens about one; what an app gives to `AuthModule.forRoot`. */
export abstract class TokenValidator {
  /** @throws AppError UNAUTHENTICATED when the token is not valid, any other when that cannot be known now. */
  abstract validate(token: string): Promise<ValidToken>;
}
