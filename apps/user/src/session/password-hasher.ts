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
    return argon2.hash(password, { memoryCost: this.config.PASSWORD_HASH_MEMORY_KIB, timeCost: 2, parallelism: 1 });
  }

  /** Does the same work without a hash (an unknown user) as with one. */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    const matches = await argon2.verify(passwordHash ?? (await this.dummyHash), password);
    return matches && passwordHash !== undefined;
  }
}
