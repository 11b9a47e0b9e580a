import { raw } from '@mikro-orm/postgresql';
import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { v7 } from 'uuid';
import { User } from '../user/user.entity.js';
import { hashOfToken, newRefreshToken, newSalt, newSeries, seriesOf, successorOf } from './refresh-token.js';

/** From the last renewal. */
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/** One login and all tokens issued from it. They are rejected once the session has ended or expired. */
@Entity({ tableName: 'sessions' })
export class Session {
  @PrimaryKey({ type: 'uuid' }) id: string = v7();
  @ManyToOne(() => User, { deleteRule: 'cascade' }) @Index() user: User;
  /** Hash of the newest refresh token. */
  @Property({ type: 'text' }) refreshTokenHash: string;
  /** The part that all its refresh tokens share; null until this release has issued one. It grants nothing by itself. */
  @Property({ type: 'text', nullable: true }) refreshSeries: string | null = null;
  /** Derives the newest refresh token from its predecessor; null after a login or a password change, when it has none. */
  @Property({ type: 'text', nullable: true }) rotationSalt: string | null = null;
  /** When the newest refresh token replaced its predecessor, by the clock of the database. */
  @Property({ nullable: true, type: Date }) rotatedAt: Date | null = null;
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

  /** Replaces the accepted token by its successor, and extends the session. */
  rotate(refreshToken: string): string {
    this.refreshSeries = seriesOf(refreshToken);
    this.rotationSalt = newSalt();
    this.rotatedAt = raw('clock_timestamp()');
    return this.issue(successorOf(refreshToken, this.rotationSalt));
  }

  /** The newest token, if the other one is its direct predecessor. */
  successorOf(refreshToken: string): string | undefined {
    const successor = this.rotationSalt && successorOf(refreshToken, this.rotationSalt);
    return successor && this.accepts(successor) ? successor : undefined;
  }

  /** Whether the token was issued for this session, or made by someone who holds one that was. */
  hasIssued(refreshToken: string): boolean {
    return this.refreshSeries !== null && hashOfToken(this.refreshSeries) === hashOfToken(seriesOf(refreshToken));
  }

  /** Replaces the refresh token by one that cannot be derived from it, and extends the session. */
  renew(): string {
    this.refreshSeries ??= newSeries();
    this.rotationSalt = null;
    this.rotatedAt = null;
    return this.issue(newRefreshToken(this.id, this.refreshSeries));
  }

  private issue(refreshToken: string): string {
    this.refreshTokenHash = hashOfToken(refreshToken);
    this.expiresAt = new Date(Date.now() + LIFETIME_MS);
    return refreshToken;
  }
}
