import { AppError } from '@app/contracts';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { isUUID } from 'class-validator';
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Session } from './session.entity.js';
import { SigningKey } from './signing-key.entity.js';

const ISSUER = 'bazaar';
const LIFETIME_S = 15 * 60;

/** What an access token says (RFC 9068's names): who, by which login, until when (seconds since 1970). */
interface Claims {
  sub: string;
  sid: string;
  exp: number;
}

/** Signs and verifies access tokens: short ES256 JWTs, each naming its key by `kid`. */
@Injectable()
export class AccessTokens implements OnModuleInit {
  private signing: { kid: string; key: KeyObject };
  /** PEM by `kid`. */
  private readonly verifying = new Map<string, string>();

  constructor(
    private readonly em: EntityManager,
    private readonly jwt: JwtService,
  ) {}

  async onModuleInit() {
    const em = this.em.fork();
    let [newest] = await em.find(SigningKey, {}, { orderBy: { id: 'desc' }, limit: 1 });
    // Two instances that start on an empty database make a key each: both keys verify, so neither is in the other's way.
    if (!newest) await em.persist((newest = SigningKey.generate())).flush();
    this.signing = { kid: newest.id, key: createPrivateKey(newest.privateKey) };
  }

  sign(session: Session): Promise<string> {
    return this.jwt.signAsync(
      { sub: session.user.id, sid: session.id },
      {
        privateKey: this.signing.key,
        keyid: this.signing.kid,
        algorithm: 'ES256',
        issuer: ISSUER,
        expiresIn: LIFETIME_S,
      },
    );
  }

  /** @throws AppError UNAUTHENTICATED, the same for every kind of bad token. */
  async verify(token: string): Promise<Claims> {
    const publicKey = await this.publicKey(this.kidOf(token));
    if (!publicKey) throw invalid();
    return this.jwt
      .verifyAsync<Claims>(token, { publicKey, algorithms: ['ES256'], issuer: ISSUER })
      .catch(() => Promise.reject(invalid()));
  }

  private kidOf(token: string): string | undefined {
    try {
      return this.jwt.decode<{ header: { kid?: string } } | null>(token, { complete: true })?.header.kid;
    } catch {
      return undefined;
    }
  }

  private async publicKey(kid: string | undefined): Promise<string | undefined> {
    if (kid === undefined || !isUUID(kid)) return undefined;
    const known = this.verifying.get(kid);
    if (known) return known;
    const key = await this.em.findOne(SigningKey, kid);
    if (!key) return undefined;
    const publicKey = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' }).toString();
    this.verifying.set(kid, publicKey);
    return publicKey;
  }
}

const invalid = () => new AppError('UNAUTHENTICATED', 'The access token is not valid');
