import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { RedisModule } from '../cache/redis.module.js';
import { AddressCharges } from './address-charges.js';
import { AddressLimit } from './address-limit.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimits } from './rate-limits.js';

/** Limits the requests and the cost of each client and each address per minute. */
@Module({
  imports: [RedisModule],
  providers: [RateLimits, AddressLimit, AddressCharges, { provide: APP_GUARD, useClass: RateLimitGuard }],
  exports: [RateLimits, AddressLimit],
})
export class ThrottleModule {}
