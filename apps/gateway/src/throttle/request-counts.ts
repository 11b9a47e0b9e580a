import { Logger } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Redis } from '../redis.js';

/** Counts one more, in a window that begins with the first; one that has lost its end gets a new one. */
const COUNT = `
  local hits = redis.call('INCR', KEYS[1])
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
  end
  return { hits, left }`;

/** How long Redis is left alone after it failed, in milliseconds: a request waits for it once, not each time. */
const REST_MS = 1_000;
/** Clients that this process counts by itself, at most. */
const MOST_CLIENTS = 100_000;

type Counted = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** The requests of each client: counted by all gateways together in Redis; while that is away, by each for itself. */
export class RequestCounts implements ThrottlerStorage {
  private readonly logger = new Logger(RequestCounts.name);
  private readonly own = new OwnCounts();
  private restUntil = 0;

  constructor(
    private readonly prefix: string,
    private readonly redis: Redis | undefined,
  ) {}

  async increment(key: string, ttl: number, limit: number): Promise<Counted> {
    const [hits, leftMs] = (await this.inRedis(key, ttl)) ?? this.own.count(key, ttl);
    const seconds = Math.ceil(leftMs / 1000);
    return { totalHits: hits, timeToExpire: seconds, isBlocked: hits > limit, timeToBlockExpire: seconds };
  }

  private async inRedis(key: string, ttl: number): Promise<[hits: number, leftMs: number] | undefined> {
    if (!this.redis || performance.now() < this.restUntil) return undefined;
    try {
      const options = { keys: [`${this.prefix}rate:${key}`], arguments: [String(ttl)] };
      return (await this.redis.answer(this.redis.client.eval(COUNT, options))) as [number, number];
    } catch (error) {
      if (this.restUntil === 0) this.logger.warn(`Requests are counted by each gateway for itself: ${String(error)}`);
      this.restUntil = performance.now() + REST_MS;
      return undefined;
    }
  }
}

class OwnCounts {
  private readonly windows = new Map<string, { hits: number; endsAt: number }>();

  count(key: string, ttl: number): [hits: number, leftMs: number] {
    const now = performance.now();
    const window = this.windows.get(key);
    if (window && now < window.endsAt) return [++window.hits, window.endsAt - now];
    // Put behind all others again: the one in front is the oldest.
    this.windows.delete(key);
    if (this.windows.size >= MOST_CLIENTS) this.windows.delete(this.windows.keys().next().value as string);
    this.windows.set(key, { hits: 1, endsAt: now + ttl });
    return [1, ttl];
  }
}
