import { Controller, Get, Header } from '@nestjs/common';
import { JWKS_MAX_AGE_S } from './key-rotation.js';
import { SigningKeys } from './signing-keys.js';

/** Public keys for other verifiers of access tokens. @see https://www.rfc-editor.org/rfc/rfc7517 */
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('jwks.json')
  @Header('content-type', 'application/jwk-set+json')
  @Header('cache-control', `public, max-age=${JWKS_MAX_AGE_S}`)
  jwks() {
    return this.keys.jwks();
  }
}
