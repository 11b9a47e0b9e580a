import { AppError } from '@app/contracts';
import { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { LoginFailures } from './login-failures.entity.js';
import { loginsRefused } from './login-metrics.js';
import { PasswordHasher } from './password-hasher.js';

/** Slows down password guessing, per e-mail. */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly em: EntityManager,
    private readonly passwordHasher: PasswordHasher,
  ) {}

  /**
   * Whether the password is right; false without a hash. The wait is checked again after the password, so that concurrent
   * guesses reveal no more than guesses in sequence.
   * @throws AppError RATE_LIMITED during a wait, whatever the password is.
   */
  async passwordMatches(email: string, passwordHash: string | undefined, password: string): Promise<boolean> {
    const emailHash = createHash('sha256').update(email).digest('base64url');
    refuseWhileWaiting(await this.em.findOne(LoginFailures, { emailHash }));
    const matches = await this.passwordHasher.matches(passwordHash, password);
    if (matches) await this.reset(emailHash);
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

  private async reset(emailHash: string): Promise<void> {
    await this.em.transactional(async (tx) => {
      const failures = await this.locked(emailHash);
      refuseWhileWaiting(failures);
      if (failures) tx.remove(failures);
    });
  }

  /** Reads the row again: it may have changed while the password was checked. */
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
