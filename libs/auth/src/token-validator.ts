import type { ValidToken } from '@app/contracts';

/** Validates an access token with its issuer. An app passes one to `AuthModule.forRoot`. */
export abstract class TokenValidator {
  /** @throws AppError UNAUTHENTICATED if the token is invalid, another error if it cannot be validated now. */
  abstract validate(token: string): Promise<ValidToken>;
}
