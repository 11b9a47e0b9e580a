import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { waitAfter } from './login-wait.js';

/** The failures to log in with one e-mail since the last success, whether or not anybody has registered with it. */
@Entity({ tableName: 'login_failures' })
export class LoginFailures {
  /** What is typed in the wrong field is nobody's business, so the e-mail itself is not kept. */
  @PrimaryKey({ type: 'text' }) emailHash: string;
  @Property({ default: 0 }) failures: number;
  @Property({ defaultRaw: 'now()' }) waitUntil: Date;
  @Property({ defaultRaw: 'now()' }) @Index() lastFailedAt: Date;

  /** In seconds; 0 where one may try. */
  get remainingWait(): number {
    return Math.max(0, Math.ceil((this.waitUntil.getTime() - Date.now()) / 1000));
  }

  count() {
    this.failures++;
    this.lastFailedAt = new Date();
    this.waitUntil = new Date(Date.now() + waitAfter(this.failures) * 1000);
  }
}
