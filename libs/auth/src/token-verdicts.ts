import { createHash } from 'node:crypto';
import { AppError, type ValidToken } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { TokenValidator } from './token-validator.js';

const REMEMBERED_MS = 5_000;
const MOST_REMEMBERED = 10_000;

interface Verdict {
  readonly answer: Promise<ValidToken>;
  until: number;
}

/**
 * What the validator said of each token, remembered for five seconds and never beyond the token's own end. Those who ask
 * about one token at once share one validation; a validator that did not answer is asked again.
 */
@Injectable()
export class TokenVerdicts {
  /** By the token's hash, so that no token lies about in memory; least recently used first. */
  private readonly verdicts = new Map<string, Verdict>();

  constructor(private readonly validator: TokenValidator) {}

  async of(token: string): Promise<ValidToken> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.verdicts.get(key);
    this.verdicts.delete(key);
    const verdict = known && Date.now() < known.until ? known : this.ask(key, token);
    this.verdicts.set(key, verdict);
    if (this.verdicts.size > MOST_REMEMBERED) this.forgetOldest();
    return verdict.answer;
  }

  private ask(key: string, token: string): Verdict {
    const verdict: Verdict = { answer: this.validator.validate(token), until: Infinity };
    void this.rememberFor(key, verdict, Date.now() + REMEMBERED_MS);
    return verdict;
  }

  private async rememberFor(key: string, verdict: Verdict, until: number) {
    try {
      verdict.until = Math.min(until, Date.parse((await verdict.answer).expiresAt));
    } catch (error) {
      verdict.until = until;
      if (AppError.from(error).code !== 'UNAUTHENTICATED' && this.verdicts.get(key) === verdict)
        this.verdicts.delete(key);
    }
  }

  private forgetOldest() {
    const [oldest] = this.verdicts.keys();
    if (oldest !== undefined) this.verdicts.delete(oldest);
  }
}
