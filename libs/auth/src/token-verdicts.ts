import { createHash } from 'node:crypto';
import { AppError, type ValidToken } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';
import { EndedSessions } from './ended-sessions.js';
import { TokenValidator } from './token-validator.js';

const REMEMBERED_MS = 5_000;
const MAX_REMEMBERED = 10_000;

const tokenChecks = new Counter({
  name: 'bazaar_token_checks_total',
  help: 'Access tokens checked, by outcome: remembered, valid, refused, failed',
  labelNames: ['service', 'outcome'] as const,
});

// A rate misses the first increment of a new series, so each series starts at 0.
for (const outcome of ['remembered', 'valid', 'refused', 'failed']) tokenChecks.inc({ service: 'gateway', outcome }, 0);

interface Verdict {
  readonly answer: Promise<ValidToken>;
  until: number;
}

/**
 * The validator's verdict on each token, remembered for five seconds, but never after the token expires. Concurrent checks of a
 * token share one validation; a refusal is remembered, a failure is not. A verdict ends with its session, also if the session
 * ends during the validation.
 */
@Injectable()
export class TokenVerdicts {
  /** By the token's hash, so that no token stays in memory. */
  private readonly verdicts = new LRUCache<string, Verdict>({ max: MAX_REMEMBERED });

  constructor(
    private readonly validator: TokenValidator,
    private readonly endedSessions: EndedSessions,
  ) {}

  /** @throws AppError UNAUTHENTICATED if the token is not valid, any other code if it cannot be checked now. */
  async of(token: string): Promise<ValidToken> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.verdicts.get(key);
    const isCurrent = known && Date.now() < known.until;
    if (isCurrent) tokenChecks.inc({ service: 'gateway', outcome: 'remembered' });
    const verdict = isCurrent ? known : this.validate(key, token);
    const valid = await verdict.answer;
    if (this.endedSessions.has(valid.sessionId)) throw new AppError('UNAUTHENTICATED', 'The session has ended');
    return valid;
  }

  private validate(key: string, token: string): Verdict {
    const verdict: Verdict = { answer: this.validator.validate(token), until: Infinity };
    this.verdicts.set(key, verdict);
    void this.rememberFor(key, verdict, Date.now() + REMEMBERED_MS);
    return verdict;
  }

  private async rememberFor(key: string, verdict: Verdict, until: number) {
    try {
      verdict.until = Math.min(until, Date.parse((await verdict.answer).expiresAt));
      tokenChecks.inc({ service: 'gateway', outcome: 'valid' });
    } catch (error) {
      verdict.until = until;
      const isRefused = AppError.from(error).code === 'UNAUTHENTICATED';
      tokenChecks.inc({ service: 'gateway', outcome: isRefused ? 'refused' : 'failed' });
      if (!isRefused && this.verdicts.peek(key) === verdict) this.verdicts.delete(key);
    }
  }
}
