import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { generateKeyPairSync } from 'node:crypto';
import { v7 } from 'uuid';

/** An ES256 key that signs access tokens. */
@Entity({ tableName: 'signing_keys' })
export class SigningKey {
  /** The tokens' `kid`. */
  @PrimaryKey({ type: 'text' }) id: string = v7();
  /** PKCS #8, PEM. */
  @Property({ type: 'text' }) privateKey: string;
  @Property() createdAt: Date = new Date();

  private constructor(privateKey: string) {
    this.privateKey = privateKey;
  }

  static generate(): SigningKey {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return new SigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  }
}
