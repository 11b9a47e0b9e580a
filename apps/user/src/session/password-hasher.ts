import { normalizedPassword } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import argon2 from '@node-rs/argon2';
import { UserConfig } from '../config.js';

/** argon2id: 2 passes and 1 lane, as OWASP's Password Storage Cheat Sheet recommends for 19 MiB of memory. */
@Injectable()
export class PasswordHasher {
  /** Made at startup, so that the first login with an unknown e-mail takes no longer than the next. */
  private readonly dummyHash: Promise<string>;

  constructor(private readonly config: UserConfig) {
    this.dummyHash = this.hash('not a password');
  }

  hash(password: string): Promise<string> {
    const options = { memoryCost: this.config.PASSWORD_HASH_MEMORY_KIB, timeCost: 2, parallelism: 1 };
    return argon2.hash(normalizedPassword(password), options);
  }

  /**
   * Does the same work without a hash (an unknown user) as with one. Earlier releases hashed a password as it was typed, so that form
   * is tried too if it differs.
   */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    const stored = passwordHash ?? (await this.dummyHash);
    const forms = new Set([normalizedPassword(password), password]);
    const results = await Promise.all([...forms].map((form) => argon2.verify(stored, form)));
    return results.includes(true) && passwordHash !== undefined;
  }
}
