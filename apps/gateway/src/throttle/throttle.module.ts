import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { normalizeIp, ThrottlerModule, type ThrottlerModuleOptions } from '@nestjs/throttler';
import { GatewayConfig } from '../config.js';
import { Redis } from '../redis.js';
import { RedisModule } from '../redis.module.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RequestCounts } from './request-counts.js';

const MINUTE_MS = 60_000;

/** What guesses passwords and tokens, or makes the user service hash them; counted by address, whoever is signed in there. */
const LOGINS = new Set(['registerUser', 'loginUser', 'refreshTokens', 'changePassword']);

/** Limits the rate of each client. */
@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      imports: [RedisModule],
      inject: [GatewayConfig, { token: Redis, optional: true }],
      useFactory: ({ KEY_PREFIX, rateLimits }: GatewayConfig, redis: Redis | undefined): ThrottlerModuleOptions => ({
        storage: new RequestCounts(KEY_PREFIX, redis),
        throttlers: [
          { name: 'requests', ttl: MINUTE_MS, limit: rateLimits.requests, skipIf: () => rateLimits.requests === 0 },
          {
            name: 'logins',
            ttl: MINUTE_MS,
            limit: rateLimits.logins,
            getTracker: ({ ip }) => normalizeIp(String(ip)),
            skipIf: (context) => rateLimits.logins === 0 || !LOGINS.has(context.getHandler().name),
          },
        ],
      }),
    }),
  ],
  providers: [{ provide: APP_GUARD, useClass: RateLimitGuard }],
})
export class ThrottleModule {}
