import { createHash } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Redis } from '../cache/redis.js';
import { GatewayConfig, type LimitName } from '../config.js';

const MAX_BYTES_IN_MEMORY = 32 * 2 ** 20;
/** In characters. A larger answer is made each time, so that a few cannot evict all others. */
const MAX_ANSWER_LENGTH = 2 ** 20;
/** Removes answers of old versions from Redis; versions alone already make sure that none is read. */
const TTL_MS = 10_000;
/** Requests that are remembered as asked before. */
const MAX_KNOWN = 10_000;

/** A public answer, as it is sent. */
export interface Answer {
  readonly body: string;
  readonly etag: string;
  readonly mediaType: string;
  /** The root field, for the metrics. */
  readonly field: string;
  /** What a client is charged for the operation, by limit. */
  readonly charges: Partial<Record<LimitName, number>>;
}

interface Kept {
  readonly version: string;
  readonly answer: Answer;
}

/** Public answers by their request, each for one version of the products: in this process's memory, and behind it in Redis. */
@Injectable()
export class AnswerCache {
  private readonly prefix: string;
  private readonly known = new LRUCache<string, true>({ maxSize: MAX_KNOWN, sizeCalculation: () => 1 });
  private readonly kept = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES_IN_MEMORY,
    // Its compressed forms take about as much as half of the text.
    sizeCalculation: ({ answer }, request) => 3 * answer.body.length + 2 * request.length + 1_000,
  });

  constructor(
    { KEY_PREFIX }: GatewayConfig,
    @Optional() @Inject(Redis) private readonly redis: Redis | undefined,
  ) {
    this.prefix = `${KEY_PREFIX}answers`;
  }

  /** Whether the request was asked before, and has a public answer. Only such answers are kept: most others are asked once. */
  isKnown(request: string): boolean {
    return this.known.has(digest(request));
  }

  know(request: string): void {
    this.known.set(digest(request), true);
  }

  inMemory(version: string, request: string): Answer | undefined {
    const kept = this.kept.get(request);
    return kept?.version === version ? kept.answer : undefined;
  }

  /** Undefined also if Redis is unavailable. */
  async inRedis(version: string, request: string): Promise<Answer | undefined> {
    const { redis } = this;
    const text = await redis?.read(redis.client.get(this.keyOf(version, request))).catch(() => null);
    if (typeof text !== 'string') return undefined;
    const answer = JSON.parse(text) as Answer;
    this.kept.set(request, { version, answer });
    return answer;
  }

  keep(version: string, request: string, answer: Answer): void {
    if (answer.body.length > MAX_ANSWER_LENGTH) return;
    this.kept.set(request, { version, answer });
    const { redis } = this;
    if (!redis) return;
    const stored = redis.client.set(this.keyOf(version, request), JSON.stringify(answer), { PX: TTL_MS });
    redis.write(stored).catch(() => undefined);
  }

  private keyOf(version: string, request: string): string {
    return `${this.prefix}:v${version}:${digest(request)}`;
  }
}

const digest = (request: string) => createHash('sha256').update(request).digest('base64url');
