import { createHash } from 'node:crypto';
import { AppError, type ValidToken } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { EndedSessions } from './ended-sessions.js';
import { TokenValidator } from './token-validator.js';

const REMEMBERED_MS = 5_000;
const MOST_REMEMBERED = 10_000;

const tokenChecks = new Counter({
  name: 'bazaar_token_checks_total',
  help: 'Access tokens that were looked at, by outcome: remembered, valid, refused, failed',
  labelNames: ['service', 'outcome'] as const,
});

// A rate does not see the first increment of a series that was not there before.
for (const outcome of ['remembered', 'valid', 'refused', 'failed']) tokenChecks.inc({ service: 'gateway', outcome }, 0);

interface Verdict {
  readonly answer: Promise<ValidToken>;
  until: number;
}

/**
 * What the validator said of each token, remembered for five seconds and never beyond the token's own end. Those who ask
 * about one token at once share one validation; a validator that did not answer is asked again. A verdict ends with its
 * session, also one that was asked for before the end and answered after it.
 */
@Injectable()
export class TokenVerdicts {
  /** By the token's hash, so that no token lies about in memory; least recently used first. */
  private readonly verdicts = new Map<string, Verdict>();

  constructor(
    private readonly validator: TokenValidator,
    private readonly endedSessions: EndedSessions,
  ) {}

  /** @throws AppError UNAUTHENTICATED when the token is not valid, any other when that cannot be known now. */
  async of(token: string): Promise<ValidToken> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.verdicts.get(key);
    this.verdicts.delete(key);
    const remembered = known && Date.now() < known.until;
    if (remembered) tokenChecks.inc({ service: 'gateway', outcome: 'remembered' });
    const verdict = remembered ? known : this.ask(key, token);
    this.verdicts.set(key, verdict);
    if (this.verdicts.size > MOST_REMEMBERED) this.forgetOldest();
    const valid = await verdict.answer;
    if (this.endedSessions.has(valid.sessionId)) throw new AppError('UNAUTHENTICATED', 'The session has ended');
    return valid;
  }

  private ask(key: string, token: string): Verdict {
    const verdict: Verdict = { answer: this.validator.validate(token), until: Infinity };
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
      if (!isRefused && this.verdicts.get(key) === verdict) this.verdicts.delete(key);
    }
  }

  private forgetOldest() {
    const [oldest] = this.verdicts.keys();
    if (oldest !== undefined) this.verdicts.delete(oldest);
  }
}
