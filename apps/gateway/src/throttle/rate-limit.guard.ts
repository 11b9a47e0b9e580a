import { createHash } from 'node:crypto';
import { AppError, type Caller } from '@app/contracts';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { GqlExecutionContext, type GqlContextType } from '@nestjs/graphql';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter } from 'prom-client';

const rateLimited = new Counter({
  name: 'bazaar_rate_limited_total',
  help: 'Fields of operations that were refused for their rate, by limit: requests, logins',
  labelNames: ['service', 'limit'] as const,
});

// A rate does not see the first increment of a series that was not there before.
for (const limit of ['requests', 'logins']) rateLimited.inc({ service: 'gateway', limit }, 0);

interface Operation {
  readonly req: FastifyRequest & { readonly user?: Caller };
  /** There is none where the operation came over a WebSocket. */
  readonly reply?: FastifyReply;
}

/**
 * Counts each query, mutation and subscription of an operation, aliases one by one, for who calls: the user, else the
 * address, an IPv6 one by its network of 64 bits. Comes after those who find out who that is.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return context.getType<GqlContextType>() !== 'graphql';
  }

  protected override async getTracker(req: Operation['req']): Promise<string> {
    return req.user?.userId ?? super.getTracker(req);
  }

  /** The same for all operations; hashed, since addresses are nobody's business in Redis. */
  protected override generateKey(_context: ExecutionContext, tracker: string, name: string): string {
    return createHash('sha256').update(`${name} ${tracker}`).digest('base64url');
  }

  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, blockDuration, throttler, getTracker, generateKey } = request;
    const name = throttler.name ?? 'default';
    const { req, reply } = GqlExecutionContext.create(context).getContext<Operation>();
    const key = generateKey(context, await getTracker(req, context), name);
    const counted = await this.storageService.increment(key, ttl, limit, blockDuration, name);
    const { totalHits, timeToExpire, isBlocked } = counted;
    // https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers
    reply?.header('ratelimit-policy', `"${name}";q=${limit};w=${ttl / 1000}`);
    reply?.header('ratelimit', `"${name}";r=${Math.max(0, limit - totalHits)};t=${timeToExpire}`);
    if (!isBlocked) return true;
    rateLimited.inc({ service: 'gateway', limit: name });
    throw new AppError('RATE_LIMITED', `Too many ${name}: try again in ${timeToExpire} s`, {
      retryAfter: timeToExpire,
    });
  }
}
