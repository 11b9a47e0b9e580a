import { Module } from '@nestjs/common';
import { GatewayConfig } from '../config.js';
import { Redis } from './redis.js';

@Module({
  providers: [
    {
      provide: Redis,
      inject: [GatewayConfig],
      useFactory: ({ REDIS_URL }: GatewayConfig) => (REDIS_URL ? new Redis(REDIS_URL) : undefined),
    },
  ],
  exports: [Redis],
})
export class RedisModule {}
