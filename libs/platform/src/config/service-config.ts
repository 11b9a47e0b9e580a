import { Type } from 'class-transformer';
import { IsIn, IsInt, IsNumber, IsOptional, IsString, IsUrl, Matches, Max, Min, ValidateIf } from 'class-validator';
import type { FastifyHttpOptions } from 'fastify';
import type { Server } from 'node:http';
import { IsServiceUrl } from './is-service-url.js';

/** As RABBITMQ_URL: messages stay within the process, without a broker. */
export const IN_PROCESS = 'in-process';

/** Defaults in production: connections per address, and how long requests are accepted after SIGTERM. */
const CONNECTIONS_PER_ADDRESS = 256;
const SHUTDOWN_DELAY_MS = 2_000;
/** How often the server looks for requests that have exceeded their timeout. */
const CHECK_REQUESTS_MS = 1_000;

/** Options of the HTTP server, passed to Fastify unchanged. */
export type HttpOptions = FastifyHttpOptions<Server>;

/** The settings that all apps share. An app's `config.ts` adds its own. */
export class ServiceConfig {
  @IsIn(['development', 'test', 'production']) NODE_ENV: string = 'development';

  @IsIn(['error', 'warn', 'log', 'debug', 'verbose']) LOG_LEVEL: 'error' | 'warn' | 'log' | 'debug' | 'verbose' = 'log';

  /** The address to listen on. Containers set 0.0.0.0. */
  @IsString() HOST: string = '127.0.0.1';

  /** The HTTP port. Without one, the app serves no HTTP. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(65_535) PORT?: number;

  /** Timeout of requests to other services, in milliseconds. The gateway's is longer than the services'. */
  @Type(() => Number) @IsInt() @Min(100) @Max(60_000) REQUEST_TIMEOUT_MS: number = 2_000;

  @ValidateIf(({ RABBITMQ_URL }: ServiceConfig) => RABBITMQ_URL !== IN_PROCESS)
  @IsServiceUrl('amqp', 'amqps')
  RABBITMQ_URL: string = 'amqp://guest:guest@127.0.0.1:5672';

  /** The OTLP collector (HTTP) that receives traces. Without one, there are no traces. OpenTelemetry defines this name and the next. */
  @IsOptional()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false })
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  /** The share of traces to record, 0 to 1. A trace that a caller began is recorded if the caller records it. */
  @Type(() => Number) @IsNumber() @Min(0) @Max(1) OTEL_TRACES_SAMPLER_ARG: number = 0.1;

  /** The port of health and metrics. Without one, they are served at PORT. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(65_535) MANAGEMENT_PORT?: number;

  /** Milliseconds within which a client must send its whole request. */
  @Type(() => Number) @IsInt() @Min(100) @Max(600_000) HTTP_REQUEST_TIMEOUT_MS: number = 15_000;

  /** Milliseconds within which a client must receive its whole response, once that is ready. */
  @Type(() => Number) @IsInt() @Min(100) @Max(600_000) HTTP_RESPONSE_TIMEOUT_MS: number = 60_000;

  /** Bytes of responses that clients have not received yet, above which new requests are refused. */
  @Type(() => Number) @IsInt() @Min(1) @Max(2 ** 40) MAX_UNSENT_BYTES: number = 32 * 2 ** 20;

  /** Milliseconds until an idle connection is closed. Longer than the proxies' timeouts (Google's is 600 s), so that none is closed in use. */
  @Type(() => Number) @IsInt() @Min(1_000) @Max(3_600_000) KEEP_ALIVE_TIMEOUT_MS: number = 620_000;

  /** Maximum number of open connections of one instance, WebSockets included; 0 for no limit. */
  @Type(() => Number) @IsInt() @Min(0) @Max(1_000_000) MAX_CONNECTIONS: number = 5_000;

  /** Maximum per address, except for the proxies in TRUST_PROXY; 0 for no limit, which is the default outside of production. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(1_000_000) MAX_CONNECTIONS_PER_ADDRESS?: number;

  /** Milliseconds after SIGTERM during which requests are accepted, for clients without a load balancer; 0 outside of production. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(4_000) SHUTDOWN_DELAY_MS?: number;

  /** Prefix of all queues and exchanges, for environments that share a broker. */
  @Matches(/^([\w-]+\.)?$/, { message: '$property must be empty, or a word followed by a dot' })
  RABBITMQ_PREFIX: string = '';

  get http(): HttpOptions {
    const requestTimeout = this.HTTP_REQUEST_TIMEOUT_MS;
    return {
      keepAliveTimeout: this.KEEP_ALIVE_TIMEOUT_MS,
      requestTimeout,
      http: {
        requestTimeout,
        headersTimeout: requestTimeout,
        connectionsCheckingInterval: Math.min(CHECK_REQUESTS_MS, requestTimeout),
      },
      // Requests that arrive during shutdown are answered.
      return503OnClosing: false,
    };
  }

  get connectionLimits(): { total: number; perAddress: number } {
    const perAddress = this.isProduction ? CONNECTIONS_PER_ADDRESS : 0;
    return { total: this.MAX_CONNECTIONS, perAddress: this.MAX_CONNECTIONS_PER_ADDRESS ?? perAddress };
  }

  /** Addresses and networks of the proxies in front of the app. */
  get trustedProxies(): string[] {
    return [];
  }

  get shutdownDelayMs(): number {
    return this.SHUTDOWN_DELAY_MS ?? (this.isProduction ? SHUTDOWN_DELAY_MS : 0);
  }

  get managementPort(): number | undefined {
    return this.MANAGEMENT_PORT;
  }

  protected get isProduction(): boolean {
    return this.NODE_ENV === 'production';
  }
}

export class DatabaseServiceConfig extends ServiceConfig {
  /** The service's own database. Created if it is missing and the role may create databases. */
  @IsServiceUrl('postgres', 'postgresql') DATABASE_URL: string;

  /** Maximum number of database connections of one instance. */
  @Type(() => Number) @IsInt() @Min(1) @Max(1000) DATABASE_POOL_SIZE: number = 10;

  /** Statement timeout in milliseconds. Migrations have none. */
  @Type(() => Number) @IsInt() @Min(500) @Max(600_000) DATABASE_QUERY_TIMEOUT_MS: number = 5_000;

  /** Lock timeout in milliseconds: how long a statement waits for a row or table that another transaction has locked. */
  @Type(() => Number) @IsInt() @Min(50) @Max(600_000) DATABASE_LOCK_TIMEOUT_MS: number = 1_000;

  /** `false` if each release runs the command `migrate`. The service then waits for it, and its role needs no rights to change the schema. */
  @IsIn(['true', 'false']) MIGRATE_AT_START: 'true' | 'false' = 'true';
}
