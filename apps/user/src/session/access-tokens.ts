import { AppError } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { isUUID } from 'class-validator';
import { TOKEN_LIFETIME_S } from './key-rotation.js';
import type { Session } from './session.entity.js';
import { SigningKeys } from './signing-keys.js';

const ISSUER = 'bazaar';

/** What an access token says (RFC 9068's names): who, by which login, until when (seconds since 1970). */
interface Claims {
  sub: string;
  sid: string;
  exp: number;
}

/** Signs and verifies access tokens: short ES256 JWTs, each naming its key by `kid`. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly keys: SigningKeys,
    private readonly jwt: JwtService,
  ) {}

  async sign(session: Session): Promise<string> {
    const { kid, privateKey } = await this.keys.thatSigns();
    return this.jwt.signAsync(
      { sub: session.user.id, sid: session.id },
      { privateKey, keyid: kid, algorithm: 'ES256', issuer: ISSUER, expiresIn: TOKEN_LIFETIME_S },
    );
  }

  /** @throws AppError UNAUTHENTICATED, the same for every kind of bad token. */
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
