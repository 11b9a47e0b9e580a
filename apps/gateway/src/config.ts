import { isIP } from 'node:net';
import { DEFAULT_PORTS } from '@app/contracts';
import { type HttpOptions, IsServiceUrl, loadConfig, NAMED_NETWORKS, ServiceConfig } from '@app/platform';
import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, Min, ValidateBy } from 'class-validator';

/** The limits of a client and of an address per minute in production. An address can use about 5% of a gateway. */
const PRODUCTION_LIMITS = {
  requests: 600,
  cost: 700_000,
  logins: 30,
  'address-requests': 1_200,
  'address-cost': 1_000_000,
};
export type LimitName = keyof typeof PRODUCTION_LIMITS;

/** A number per minute; 0 is unlimited. The default is unlimited outside of production. */
const IsLimit = (max: number) =>
  applyDecorators(
    IsOptional(),
    Type(() => Number),
    IsInt(),
    Min(0),
    Max(max),
  );
const MANAGEMENT_PORT = 9464;

const IsListWhere = (isValid: (word: string) => boolean, what: string) =>
  ValidateBy({
    name: 'isListWhere',
    validator: {
      validate: (value) => typeof value === 'string' && wordsOf(value).every(isValid),
      defaultMessage: (args) => `${args?.property} must list ${what}`,
    },
  });

const wordsOf = (list: string) => list.split(',').map((word) => word.trim());

const isOrigin = (word: string) => /^https?:/.test(word) && URL.canParse(word) && new URL(word).origin === word;

/** Names below `localhost` are this machine, too (RFC 6761). */
const LOOPBACK_ORIGIN = /^https?:\/\/(([a-z0-9-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

const isHeaderName = (word: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(word);

function isNetwork(word: string): boolean {
  const [address = '', bits] = word.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  const isSize = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  return Object.hasOwn(NAMED_NETWORKS, word) || (isIP(address) !== 0 && isSize);
}

export class GatewayConfig extends ServiceConfig {
  override PORT: number = DEFAULT_PORTS.gateway;

  /** Longer than the timeout between services, so that a service can reply after its own request timed out. */
  override REQUEST_TIMEOUT_MS: number = 5_000;

  /** The product cache shared by all gateways; without it each gateway caches in its own memory only. */
  @IsOptional() @IsServiceUrl('redis', 'rediss') REDIS_URL?: string;

  /** The prefix of every key in Redis, for environments that share one. */
  @IsString() KEY_PREFIX: string = 'bazaar:';

  /** Enables GraphiQL and introspection; disabled by default in production. */
  @IsOptional() @IsIn(['true', 'false']) GRAPHIQL?: 'true' | 'false';

  /** Root fields per minute of one client: the user, or else the address. */
  @IsLimit(1_000_000) RATE_LIMIT?: number;

  /** Cost per minute of one client. */
  @IsLimit(1_000_000_000) COST_LIMIT?: number;

  /** Logins, registrations, refreshes and password changes per minute from one address. */
  @IsLimit(1_000_000) LOGIN_RATE_LIMIT?: number;

  /** Requests per minute from one address, of all users there. */
  @IsLimit(1_000_000) ADDRESS_RATE_LIMIT?: number;

  /** Cost per minute of one address. */
  @IsLimit(1_000_000_000) ADDRESS_COST_LIMIT?: number;

  /** The largest answer to one operation. An update of a subscription is also limited to 256 KiB. */
  @Type(() => Number) @IsInt() @Min(1024) @Max(256 * 1024 * 1024) MAX_ANSWER_BYTES: number = 4 * 1024 * 1024;

  /** WebSockets of one user at this gateway: one for each tab and device. */
  @Type(() => Number) @IsInt() @Min(1) @Max(1_000) MAX_SOCKETS_PER_USER: number = 10;

  /** Active subscriptions of one WebSocket. */
  @Type(() => Number) @IsInt() @Min(1) @Max(1_000) MAX_SUBSCRIPTIONS_PER_SOCKET: number = 20;

  /** The proxies whose X-Forwarded headers are trusted: addresses and networks, separated by commas. */
  @IsOptional()
  @IsListWhere(isNetwork, 'addresses and networks, such as 10.0.0.0/8, loopback')
  TRUST_PROXY?: string;

  /** The origins whose pages may call the API from a browser, `https://shop.example`, separated by commas. */
  @IsOptional()
  @IsListWhere(isOrigin, 'origins without a path, such as https://shop.example, https://admin.shop.example')
  CORS_ORIGINS?: string;

  /** Request headers that those pages may send, in addition to those of GraphQL clients and of tracing. */
  @IsOptional()
  @IsListWhere(isHeaderName, 'names of headers, such as x-tenant, x-datadog-trace-id')
  CORS_HEADERS?: string;

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

  get corsHeaders(): string[] {
    return this.CORS_HEADERS === undefined ? [] : wordsOf(this.CORS_HEADERS);
  }

  /**
   * Whether pages of this origin may call the API. Outside of production, so may the pages that this machine itself serves: they get
   * no more than any program here, because browsers attach no credentials to a request (access tokens are not cookies).
   */
  allowsOrigin(origin: string): boolean {
    return this.corsOrigins.includes(origin) || (!this.isProduction && LOOPBACK_ORIGIN.test(origin));
  }

  /** In production, health and metrics are not on the public port. */
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
