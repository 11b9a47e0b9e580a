import { IsServiceUrl, loadConfig, ServiceConfig } from '@app/platform';
import { IsIn, IsOptional, IsString } from 'class-validator';

export class GatewayConfig extends ServiceConfig {
  override PORT: number = 4000;

  /** Longer than a service waits for its neighbours, so that it can still answer without them. */
  override REQUEST_TIMEOUT_MS: number = 5_000;

  /** Where products are cached for all gateways; without one each keeps them in its own memory alone. */
  @IsOptional() @IsServiceUrl('redis', 'rediss') REDIS_URL?: string;

  /** Put before every key in Redis, where environments share one. */
  @IsString() KEY_PREFIX: string = 'bazaar:';

  /** Whether the API may be explored, by GraphiQL and introspection; not in production unless said. */
  @IsOptional() @IsIn(['true', 'false']) GRAPHIQL?: 'true' | 'false';

  get explorable(): boolean {
    return this.GRAPHIQL === undefined ? this.NODE_ENV !== 'production' : this.GRAPHIQL === 'true';
  }
}

export const readConfig = () => loadConfig(GatewayConfig, process.env);
