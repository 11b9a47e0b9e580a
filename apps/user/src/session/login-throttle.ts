import { AppError } from '@app/contracts';
import { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { LoginFailures } from './login-failures.entity.js';
import { loginsRefused } from './login-metrics.js';
import { passwordMatches } from './password.js';

/** Slows down who guesses passwords, by the e-mail that they guess for. */
@Injectable()
export class LoginThrottle {
  constructor(private readonly em: EntityManager) {}

  /**
   * Whether the password is right; never where there is no hash. Not told when others have failed so often meanwhile that a
   * wait has begun: guesses that come all at once learn no more than those that come one by one.
   * @throws AppError RATE_LIMITED while there is a wait, whatever the password is.
   */
  async passwordMatches(email: string, passwordHash: string | undefined, password: string): Promise<boolean> {
    const emailHash = createHash('sha256').update(email).digest('base64url');
    refuseWhileWaiting(await this.em.findOne(LoginFailures, { emailHash }));
    const matches = await passwordMatches(passwordHash, password);
    if (matches) await this.forgive(emailHash);
    else await this.count(emailHash);
    if (!matches) loginsRefused.inc({ service: 'user', reason: 'credentials' });
    return matches;
  }

  private async count(emailHash: string): Promise<void> {
    await this.em.transactional(async (tx) => {
      await tx.execute('insert into login_failures (email_hash) values (?) on conflict do nothing', [emailHash]);
      const failures = await this.locked(emailHash);
      refuseWhileWaiting(failures);
      failures?.count();
    });
  }

  private async forgive(emailHash: string): Promise<void> {
    await this.em.transactional(async (tx) => {
      const failures = await this.locked(emailHash);
      refuseWhileWaiting(failures);
      if (failures) tx.remove(failures);
    });
  }

  /** As it is now, not as it was before the password was looked at. */
  private locked(emailHash: string): Promise<LoginFailures | null> {
    return this.em.findOne(LoginFailures, { emailHash }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  }
}

function refuseWhileWaiting(failures: LoginFailures | null): void {
  const retryAfter = failures?.remainingWait;
  if (!retryAfter) return;
  loginsRefused.inc({ service: 'user', reason: 'rate_limited' });
  throw new AppError('RATE_LIMITED', `Too many failed logins: try again in ${retryAfter} s`, { retryAfter });
}
