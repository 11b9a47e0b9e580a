import { Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { createHash, randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import { User } from '../user/user.entity.js';

const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/** One login. Its access tokens name it and are refused once it has ended. */
@Entity({ tableName: 'sessions' })
export class Session {
  @PrimaryKey({ type: 'uuid' }) id: string = v7();
  @ManyToOne(() => User, { deleteRule: 'cascade' }) @Index() user: User;
  @Property({ type: 'text' }) @Unique() refreshTokenHash: string;
  @Property() createdAt: Date = new Date();
  @Property() expiresAt: Date = new Date(Date.now() + LIFETIME_MS);
  @Property({ nullable: true, type: Date }) endedAt: Date | null = null;

  private constructor(user: User, refreshTokenHash: string) {
    this.user = user;
    this.refreshTokenHash = refreshTokenHash;
  }

  /** The refresh token is told once; only its hash is kept. */
  static begin(user: User): { session: Session; refreshToken: string } {
    const refreshToken = randomBytes(32).toString('base64url');
    return { session: new Session(user, hashOf(refreshToken)), refreshToken };
  }
}

/** Enough for a token of 256 random bits, which nobody can guess. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');
