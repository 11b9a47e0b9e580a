import { createHash } from 'node:crypto';
import { AppError } from '@app/contracts';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { normalizeIp } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';
import { GatewayConfig, type LimitName } from '../config.js';
import { Redis } from '../cache/redis.js';
import { type Addition, type Count, RequestCounts, WINDOW_MS } from './request-counts.js';

const MESSAGES: Record<LimitName, string> = {
  requests: 'Too many requests',
  cost: 'Too many expensive operations',
  logins: 'Too many logins',
  'address-requests': 'Too many requests from this address',
  'address-cost': 'Too many expensive operations from this address',
};

const rateLimited = new Counter({
  name: 'bazaar_rate_limited_total',
  help: 'Requests and root fields refused with RATE_LIMITED, by limit',
  labelNames: ['service', 'limit'] as const,
});

// A rate misses the first increment of a new series, so each series starts at 0.
for (const limit of Object.keys(MESSAGES)) rateLimited.inc({ service: 'gateway', limit }, 0);

/** Keys that are remembered, since a hash costs more than the rest of a count. */
const MAX_KEYS = 10_000;

export interface Charge {
  readonly limit: LimitName;
  /** The user's id or the address. */
  readonly client: string;
  readonly amount: number;
}

interface Counted extends Count {
  readonly limit: LimitName;
}

/** An IPv6 address is counted by its /64 network. */
export const clientOf = (address: string | undefined): string => normalizeIp(String(address));

/** The limits of clients per minute, and their usage. */
@Injectable()
export class RateLimits {
  private readonly limits: Record<LimitName, number>;
  private readonly counts: RequestCounts;
  private readonly keys = new LRUCache<string, string>({ max: MAX_KEYS });
  /** The counts in the headers of a reply, by limit. */
  private readonly headers = new WeakMap<FastifyReply, Map<LimitName, Counted>>();

  constructor({ rateLimits, KEY_PREFIX }: GatewayConfig, @Optional() @Inject(Redis) redis: Redis | undefined) {
    this.limits = rateLimits;
    this.counts = new RequestCounts(KEY_PREFIX, redis);
  }

  /** @param reply gets the headers with the remaining quota. @throws AppError RATE_LIMITED. */
  async charge(charges: readonly Charge[], reply?: FastifyReply): Promise<void> {
    const limited = charges.filter(({ limit }) => this.limits[limit] > 0);
    if (limited.length === 0) return;
    const counts = await this.counts.add(limited.map((charge) => this.additionOf(charge)));
    const counted = counts.map((count, i) => ({ ...count, limit: limited[i]!.limit }));
    if (reply) this.setHeaders(reply, counted);
    for (const count of counted) if (count.total > this.limits[count.limit]) throw this.refusalOf(count);
  }

  /** Counts nothing. @throws AppError RATE_LIMITED if the client is known to be over the limit. */
  assertWithin({ limit, client }: Omit<Charge, 'amount'>): void {
    if (this.limits[limit] === 0) return;
    const over = this.counts.overLimit(this.additionOf({ limit, client, amount: 0 }));
    if (over) throw this.refusalOf({ ...over, limit });
  }

  /** The key is hashed, so that Redis stores no addresses. */
  private additionOf({ limit, client, amount }: Charge): Addition {
    const name = `${limit} ${client}`;
    const key = this.keys.get(name) ?? createHash('sha256').update(name).digest('base64url');
    this.keys.set(name, key);
    return { key, amount, limit: this.limits[limit] };
  }

  private refusalOf({ limit, total, endsAt }: Counted): AppError {
    rateLimited.inc({ service: 'gateway', limit });
    const retryAfter = secondsUntil(endsAt);
    return new AppError('RATE_LIMITED', `${MESSAGES[limit]}: try again in ${retryAfter} s`, {
      retryAfter,
      limit: this.limits[limit],
      actual: total,
    });
  }

  /** @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers */
  private setHeaders(reply: FastifyReply, counted: readonly Counted[]): void {
    const shown = this.headers.get(reply) ?? new Map<LimitName, Counted>();
    for (const count of counted) if (count.endsAt > 0) shown.set(count.limit, count);
    this.headers.set(reply, shown);
    const each = (line: (count: Counted) => string) => [...shown.values()].map(line).join(', ');
    const remaining = ({ limit, total }: Counted) => Math.max(0, this.limits[limit] - total);
    reply.header(
      'ratelimit-policy',
      each(({ limit }) => `"${limit}";q=${this.limits[limit]};w=${WINDOW_MS / 1000}`),
    );
    reply.header(
      'ratelimit',
      each((count) => `"${count.limit}";r=${remaining(count)};t=${secondsUntil(count.endsAt)}`),
    );
  }
}

const secondsUntil = (at: number) => Math.max(1, Math.ceil((at - performance.now()) / 1000));
