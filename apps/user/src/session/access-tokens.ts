import { AppError } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { isUUID } from 'class-validator';
import { TOKEN_LIFETIME_S } from './key-rotation.js';
import type { Session } from './session.entity.js';
import { SigningKeys } from './signing-keys.js';

const ISSUER = 'bazaar';

/** The claims of an access token, named as in RFC 9068: user id, session id, expiry in seconds since 1970. */
interface Claims {
  sub: string;
  sid: string;
  exp: number;
}

/** Signs and verifies access tokens: short-lived ES256 JWTs whose `kid` header names the key. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly keys: SigningKeys,
    private readonly jwt: JwtService,
  ) {}

  async sign(session: Session): Promise<string> {
    const { kid, privateKey } = await this.keys.current();
    return this.jwt.signAsync(
      { sub: session.user.id, sid: session.id },
      { privateKey, keyid: kid, algorithm: 'ES256', issuer: ISSUER, expiresIn: TOKEN_LIFETIME_S },
    );
  }

  /** @throws AppError UNAUTHENTICATED, with the same message for every invalid token. */
  async verify(token: string): Promise<Claims> {
    const kid = this.kidOf(token);
    const key = kid !== undefined && isUUID(kid) ? await this.keys.byId(kid) : undefined;
    if (!key) throw invalid();
    return this.jwt
      .verifyAsync<Claims>(token, { publicKey: key.publicKey, algorithms: ['ES256'], issuer: ISSUER })
      .catch(() => Promise.reject(invalid()));
  }

  private kidOf(token: string): string | undefined {
    try {
      return this.jwt.decode<{ header: { kid?: string } } | null>(token, { complete: true })?.header.kid;
    } catch {
      return undefined;
    }
  }
}

const invalid = () => new AppError('UNAUTHENTICATED', 'The access token is not valid');
