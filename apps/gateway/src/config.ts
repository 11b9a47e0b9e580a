import { isIP } from 'node:net';
import { type HttpOptions, IsServiceUrl, loadConfig, NAMED_NETWORKS, ServiceConfig } from '@app/platform';
import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, Min, ValidateBy } from 'class-validator';

/** What one client and one address may do in a minute, in production: an address takes some five per cent of a gateway. */
const PRODUCTION_LIMITS = {
  requests: 600,
  cost: 700_000,
  logins: 30,
  'address-requests': 1_200,
  'address-cost': 1_000_000,
};
export type LimitName = keyof typeof PRODUCTION_LIMITS;

/** A number a minute, 0 for any; not limited outside of production unless said. */
const IsLimit = (max: number) =>
  applyDecorators(
    IsOptional(),
    Type(() => Number),
    IsInt(),
    Min(0),
    Max(max),
  );
const MANAGEMENT_PORT = 9464;

const IsListWhere = (isRight: (word: string) => boolean, what: string) =>
  ValidateBy({
    name: 'isListWhere',
    validator: {
      validate: (value) => typeof value === 'string' && wordsOf(value).every(isRight),
      defaultMessage: (args) => `${args?.property} must list ${what}`,
    },
  });

const wordsOf = (list: string) => list.split(',').map((word) => word.trim());

const isOrigin = (word: string) => /^https?:/.test(word) && URL.canParse(word) && new URL(word).origin === word;

function isNetwork(word: string): boolean {
  const [address = '', bits] = word.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  const isSize = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  return Object.hasOwn(NAMED_NETWORKS, word) || (isIP(address) !== 0 && isSize);
}

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

  /** Root fields a minute of one client: the user, or else the address. */
  @IsLimit(1_000_000) RATE_LIMIT?: number;

  /** What they may cost. */
  @IsLimit(1_000_000_000) COST_LIMIT?: number;

  /** Logins, registrations, refreshes and changes of password a minute from one address, as well. */
  @IsLimit(1_000_000) LOGIN_RATE_LIMIT?: number;

  /** Requests a minute from one address, whatever they are and whoever is signed in there. */
  @IsLimit(1_000_000) ADDRESS_RATE_LIMIT?: number;

  /** What they may cost. */
  @IsLimit(1_000_000_000) ADDRESS_COST_LIMIT?: number;

  /** The largest answer to one operation, and the largest update of a subscription. */
  @Type(() => Number) @IsInt() @Min(1024) @Max(256 * 1024 * 1024) MAX_ANSWER_BYTES: number = 4 * 1024 * 1024;

  /** Whose X-Forwarded headers are believed: addresses and networks of our own proxies, with commas between them. */
  @IsOptional()
  @IsListWhere(isNetwork, 'addresses and networks, as 10.0.0.0/8, loopback')
  TRUST_PROXY?: string;

  /** The sites whose pages may call the API from a browser, `https://shop.example`, with commas between them. */
  @IsOptional()
  @IsListWhere(isOrigin, 'origins without a path, as https://shop.example, https://admin.shop.example')
  CORS_ORIGINS?: string;

  get explorable(): boolean {
    return this.GRAPHIQL === undefined ? !this.isProduction : this.GRAPHIQL === 'true';
  }

  get rateLimits(): Record<LimitName, number> {
    const given = {
      requests: this.RATE_LIMIT,
      cost: this.COST_LIMIT,
      logins: this.LOGIN_RATE_LIMIT,
      'address-requests': this.ADDRESS_RATE_LIMIT,
      'address-cost': this.ADDRESS_COST_LIMIT,
    };
    const names = Object.keys(given) as LimitName[];
    const limits = names.map((name) => [name, given[name] ?? (this.isProduction ? PRODUCTION_LIMITS[name] : 0)]);
    return Object.fromEntries(limits) as Record<LimitName, number>;
  }

  get corsOrigins(): string[] {
    return this.CORS_ORIGINS === undefined ? [] : wordsOf(this.CORS_ORIGINS);
  }

  /** Health and metrics are nobody's business where the API is open to all. */
  override get managementPort(): number | undefined {
    return this.MANAGEMENT_PORT ?? (this.isProduction ? MANAGEMENT_PORT : undefined);
  }

  override get http(): HttpOptions {
    const trustProxy = this.trustedProxies.length > 0 && this.trustedProxies;
    return { ...super.http, trustProxy };
  }

  override get trustedProxies(): string[] {
    return this.TRUST_PROXY === undefined ? [] : wordsOf(this.TRUST_PROXY);
  }
}

export const readConfig = () => loadConfig(GatewayConfig, process.env);
