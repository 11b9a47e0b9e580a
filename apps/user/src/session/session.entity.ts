import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { v7 } from 'uuid';
import { User } from '../user/user.entity.js';
import { hashOfToken, newRefreshToken } from './refresh-token.js';

/** From the last renewal. */
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/** One login and all tokens issued from it. They are rejected once the session has ended or expired. */
@Entity({ tableName: 'sessions' })
export class Session {
  @PrimaryKey({ type: 'uuid' }) id: string = v7();
  @ManyToOne(() => User, { deleteRule: 'cascade' }) @Index() user: User;
  /** Hash of the only valid refresh token. */
  @Property({ type: 'text' }) refreshTokenHash: string;
  @Property() createdAt: Date = new Date();
  @Property() @Index() expiresAt: Date;
  @Property({ nullable: true, type: Date }) endedAt: Date | null = null;

  private constructor(user: User) {
    this.user = user;
  }

  static begin(user: User): { session: Session; refreshToken: string } {
    const session = new Session(user);
    return { session, refreshToken: session.renew() };
  }

  /** Matches sessions that have neither ended nor expired. */
  static live() {
    return { endedAt: null, expiresAt: { $gt: new Date() } };
  }

  accepts(refreshToken: string): boolean {
    return hashOfToken(refreshToken) === this.refreshTokenHash;
  }

  /** Replaces the refresh token and extends the session. Only the hash of the returned token is stored. */
  renew(): string {
    const refreshToken = newRefreshToken(this.id);
    this.refreshTokenHash = hashOfToken(refreshToken);
    this.expiresAt = new Date(Date.now() + LIFETIME_MS);
    return refreshToken;
  }
}
