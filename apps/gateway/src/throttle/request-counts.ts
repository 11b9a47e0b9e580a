import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Redis } from '../cache/redis.js';
import { SharedCall } from '../cache/shared-call.js';

/** Adds to each count, in a window that begins with the first addition; a count without an expiry gets a new one. */
const COUNT = `
  local counts = {}
  for i, key in ipairs(KEYS) do
    local total = redis.call('INCRBY', key, ARGV[i + 1])
    local left = redis.call('PTTL', key)
    if left < 0 then
      redis.call('PEXPIRE', key, ARGV[1])
      left = tonumber(ARGV[1])
    end
    counts[2 * i - 1] = total
    counts[2 * i] = left
  end
  return counts`;

export const WINDOW_MS = 60_000;
/** Milliseconds without Redis after it failed, so that not every request waits for it. */
const PAUSE_MS = 1_000;
/** Counts that this process keeps in memory, at most. */
const MAX_COUNTS = 100_000;

export interface Addition {
  readonly key: string;
  readonly amount: number;
  /** The limit of a window. */
  readonly limit: number;
}

/** The total of a window, and when the window ends by `performance.now()`. */
export interface Count {
  total: number;
  readonly endsAt: number;
}

/**
 * The usage of each client: counted by all gateways together in Redis, or by each gateway itself while Redis is unavailable. A
 * client over its limit is remembered until its window ends, so that the requests of a flood do not all reach Redis.
 */
export class RequestCounts {
  private readonly logger = new Logger(RequestCounts.name);
  private readonly own = newWindows();
  private readonly over = newWindows();
  private pausedUntil = 0;
  /** Additions for the next command to Redis. */
  private waiting: Addition[] = [];
  private readonly adding = new SharedCall(() => this.addWaiting(this.redis!));

  constructor(
    private readonly prefix: string,
    private readonly redis: Redis | undefined,
  ) {}

  /** The counts after these additions, in their order. */
  async add(additions: readonly Addition[]): Promise<Count[]> {
    const known = additions.map(({ key }) => this.over.get(key));
    if (known.some(Boolean)) return additions.map(({ limit }, i) => known[i] ?? { total: limit, endsAt: 0 });
    return (await this.addInRedis(additions)) ?? additions.map((addition) => this.addHere(addition));
  }

  /** The count of a client that this gateway knows to be over its limit. */
  overLimit({ key, limit }: Addition): Count | undefined {
    const own = this.own.get(key);
    return this.over.get(key) ?? (own && own.total > limit ? own : undefined);
  }

  /** Undefined while Redis is unavailable. */
  private async addInRedis(additions: readonly Addition[]): Promise<Count[] | undefined> {
    if (!this.redis || performance.now() < this.pausedUntil) return undefined;
    const first = this.waiting.length;
    this.waiting.push(...additions);
    return (await this.adding.result())?.slice(first, first + additions.length);
  }

  /** Adds what waits, in one command. */
  private async addWaiting(redis: Redis): Promise<Count[] | undefined> {
    const additions = this.waiting;
    this.waiting = [];
    const sums = new Map<string, number>();
    // Each addition counts those before it, and not those after it.
    const before = additions.map(({ key, amount }) => {
      const sum = sums.get(key) ?? 0;
      sums.set(key, sum + amount);
      return sum;
    });
    try {
      const numbers = (await redis.write(
        redis.client.eval(COUNT, {
          keys: [...sums.keys()].map((key) => `${this.prefix}rate:${key}`),
          arguments: [WINDOW_MS, ...sums.values()].map(String),
        }),
      )) as number[];
      const position = new Map([...sums.keys()].map((key, i) => [key, 2 * i]));
      return additions.map(({ key, amount, limit }, i) => {
        const [all, ttl] = [numbers[position.get(key)!]!, Math.max(1, numbers[position.get(key)! + 1]!)];
        const total = all - sums.get(key)! + before[i]! + amount;
        const count = { total, endsAt: performance.now() + ttl };
        if (total > limit) this.over.set(key, count, { ttl });
        return count;
      });
    } catch (error) {
      if (this.pausedUntil === 0) this.logger.warn(`Requests are counted by each gateway for itself: ${String(error)}`);
      this.pausedUntil = performance.now() + PAUSE_MS;
      return undefined;
    }
  }

  private addHere({ key, amount }: Addition): Count {
    const count = this.own.get(key) ?? { total: 0, endsAt: performance.now() + WINDOW_MS };
    if (count.total === 0) this.own.set(key, count);
    count.total += amount;
    return { ...count };
  }
}

/** Bounded by `maxSize`, since `max` reserves memory for all entries at the start. */
const newWindows = () => new LRUCache<string, Count>({ maxSize: MAX_COUNTS, sizeCalculation: () => 1, ttl: WINDOW_MS });
