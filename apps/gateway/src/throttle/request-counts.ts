import { Logger } from '@nestjs/common';
import type { Redis } from '../cache/redis.js';

/** Adds to each count, in a window that begins with the first; one that has lost its end gets a new one. */
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
/** How long Redis is left alone after it failed, in milliseconds: a request waits for it once, not each time. */
const REST_MS = 1_000;
/** Clients that this process keeps in memory, at most. */
const MAX_CLIENTS = 100_000;

export interface Addition {
  readonly key: string;
  readonly amount: number;
  /** The most that a window has room for. */
  readonly limit: number;
}

/** What a window has counted, and when it ends by the clock of `performance`. */
export interface Count {
  total: number;
  readonly endsAt: number;
}

/**
 * What each client has used of its limits: counted by all gateways together in Redis; while that is unavailable, by each for
 * itself. Who is over a limit is remembered until the window ends, so that Redis is not asked about every request of a flood.
 */
export class RequestCounts {
  private readonly logger = new Logger(RequestCounts.name);
  private readonly own = new Windows();
  private readonly over = new Windows();
  private restUntil = 0;

  constructor(
    private readonly prefix: string,
    private readonly redis: Redis | undefined,
  ) {}

  /** The counts after these additions, in their order. */
  async add(additions: readonly Addition[]): Promise<Count[]> {
    const known = additions.map(({ key }) => this.over.get(key));
    if (known.some(Boolean)) return additions.map(({ limit }, i) => known[i] ?? { total: limit, endsAt: 0 });
    return (await this.addInRedis(additions)) ?? additions.map(({ key, amount }) => this.own.add(key, amount));
  }

  /** The count of a client that is known here to be over its limit. */
  overLimit({ key, limit }: Addition): Count | undefined {
    const own = this.own.get(key);
    return this.over.get(key) ?? (own && own.total > limit ? own : undefined);
  }

  private async addInRedis(additions: readonly Addition[]): Promise<Count[] | undefined> {
    if (!this.redis || performance.now() < this.restUntil) return undefined;
    try {
      const numbers = (await this.redis.write(
        this.redis.client.eval(COUNT, {
          keys: additions.map(({ key }) => `${this.prefix}rate:${key}`),
          arguments: [WINDOW_MS, ...additions.map(({ amount }) => amount)].map(String),
        }),
      )) as number[];
      return additions.map(({ key, limit }, i) => {
        const count = { total: numbers[2 * i]!, endsAt: performance.now() + numbers[2 * i + 1]! };
        if (count.total > limit) this.over.set(key, count);
        return count;
      });
    } catch (error) {
      if (this.restUntil === 0) this.logger.warn(`Requests are counted by each gateway for itself: ${String(error)}`);
      this.restUntil = performance.now() + REST_MS;
      return undefined;
    }
  }
}

/** Counts that end, the oldest first. */
class Windows {
  private readonly counts = new Map<string, Count>();

  get(key: string): Count | undefined {
    const count = this.counts.get(key);
    if (!count || performance.now() < count.endsAt) return count;
    this.counts.delete(key);
    return undefined;
  }

  set(key: string, count: Count): void {
    this.counts.delete(key);
    if (this.counts.size >= MAX_CLIENTS) this.counts.delete(this.counts.keys().next().value as string);
    this.counts.set(key, count);
  }

  add(key: string, amount: number): Count {
    const count = this.get(key) ?? { total: 0, endsAt: performance.now() + WINDOW_MS };
    if (count.total === 0) this.set(key, count);
    count.total += amount;
    return { ...count };
  }
}
