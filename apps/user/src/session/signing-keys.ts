import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { currentKey, REREAD_MS, UNKNOWN_REREAD_MS } from './key-rotation.js';
import { SigningKey } from './signing-key.entity.js';

interface Key {
  readonly kid: string;
  readonly createdAt: Date;
  readonly privateKey: KeyObject;
  /** PEM. */
  readonly publicKey: string;
  /** The public part (RFC 7517). */
  readonly jwk: JsonWebKey;
}

/** The keys that all instances share through the database. Every instance knows a new key within a minute. */
@Injectable()
export class SigningKeys implements OnModuleInit {
  /** Oldest first. */
  private keys: Key[] = [];
  private readAt = 0;
  private reading: Promise<Key[]> | undefined;

  constructor(private readonly em: EntityManager) {}

  /** Creates the first key. The lock serializes instances that start at once on an empty database. */
  async onModuleInit() {
    await this.em.fork().transactional(async (tx) => {
      await tx.execute('lock table signing_keys in share row exclusive mode');
      if ((await tx.count(SigningKey)) === 0) tx.persist(SigningKey.generate());
    });
  }

  async current(): Promise<Key> {
    return currentKey(await this.all())!;
  }

  /** Reads the keys again for an unknown one, but not for each request: a new key signs only minutes after it was created. */
  async byId(kid: string): Promise<Key | undefined> {
    const named = (key: Key) => key.kid === kid;
    const known = (await this.all()).find(named);
    if (known || this.age < UNKNOWN_REREAD_MS) return known;
    return (await this.read()).find(named);
  }

  async jwks(): Promise<{ keys: JsonWebKey[] }> {
    return { keys: (await this.all()).map(({ jwk }) => jwk) };
  }

  /** Milliseconds since the keys were read. If the clock was set back, they count as old. */
  private get age(): number {
    return Math.abs(Date.now() - this.readAt);
  }

  private async all(): Promise<Key[]> {
    return this.age < REREAD_MS ? this.keys : this.read();
  }

  /** Concurrent callers share one read. */
  private read(): Promise<Key[]> {
    return (this.reading ??= this.readAll().finally(() => (this.reading = undefined)));
  }

  private async readAll(): Promise<Key[]> {
    const readAt = Date.now();
    const found = await this.em.fork().find(SigningKey, {}, { orderBy: { createdAt: 'asc', id: 'asc' } });
    this.keys = found.map(({ id, createdAt, privateKey }) => {
      const key = this.keys.find(({ kid }) => kid === id);
      return key ?? { kid: id, createdAt, privateKey: createPrivateKey(privateKey), ...publicParts(id, privateKey) };
    });
    this.readAt = readAt;
    return this.keys;
  }
}

function publicParts(kid: string, privateKey: string): Pick<Key, 'publicKey' | 'jwk'> {
  const key = createPublicKey(privateKey);
  return {
    publicKey: key.export({ type: 'spki', format: 'pem' }).toString(),
    jwk: { ...key.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' },
  };
}
