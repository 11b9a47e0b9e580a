import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { waitAfter } from './login-wait.js';

/** Failed logins with one e-mail since the last success. The e-mail need not belong to a user. */
@Entity({ tableName: 'login_failures' })
export class LoginFailures {
  /** Users sometimes type a password into the e-mail field, so the text itself is not stored. */
  @PrimaryKey({ type: 'text' }) emailHash: string;
  @Property({ default: 0 }) failures: number;
  @Property({ defaultRaw: 'now()' }) waitUntil: Date;
  @Property({ defaultRaw: 'now()' }) @Index() lastFailedAt: Date;

  /** In seconds; 0 if a login is allowed. */
  get remainingWait(): number {
    return Math.max(0, Math.ceil((this.waitUntil.getTime() - Date.now()) / 1000));
  }

  count() {
    this.failures++;
    this.lastFailedAt = new Date();
    this.waitUntil = new Date(Date.now() + waitAfter(this.failures) * 1000);
  }
}
