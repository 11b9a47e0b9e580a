import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { v7 } from 'uuid';
import { User } from '../user/user.entity.js';
import { hashOfToken, newRefreshToken } from './refresh-token.js';

/** From the last time that it was renewed. */
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/** One login, with all the tokens that descend from it. They are refused once it has ended or expired. */
@Entity({ tableName: 'sessions' })
export class Session {
  @PrimaryKey({ type: 'uuid' }) id: string = v7();
  @ManyToOne(() => User, { deleteRule: 'cascade' }) @Index() user: User;
  /** Of the one refresh token that is good now. */
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

  /** Those that have neither ended nor expired. */
  static live() {
    return { endedAt: null, expiresAt: { $gt: new Date() } };
  }

  accepts(refreshToken: string): boolean {
    return hashOfToken(refreshToken) === this.refreshTokenHash;
  }

  /** Makes the refresh token that takes the place of the last; it is told once, and only its hash is kept. */
  renew(): string {
    const refreshToken = newRefreshToken(this.id);
    this.refreshTokenHash = hashOfToken(refreshToken);
    this.expiresAt = new Date(Date.now() + LIFETIME_MS);
    return refreshToken;
  }
}
