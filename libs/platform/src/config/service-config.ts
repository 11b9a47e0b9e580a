import { Type } from 'class-transformer';
import { IsIn, IsInt, IsNumber, IsOptional, IsString, IsUrl, Matches, Max, Min, ValidateIf } from 'class-validator';
import type { FastifyHttpOptions } from 'fastify';
import type { Server } from 'node:http';
import { IsServiceUrl } from './is-service-url.js';

/** In the place of the broker's URL: messages stay within the process, and none is connected to. */
export const IN_PROCESS = 'in-process';

/** In production, unless set: connections of one address, and how long requests are still accepted after SIGTERM. */
const CONNECTIONS_PER_ADDRESS = 256;
const SHUTDOWN_DELAY_MS = 2_000;
/** How often the server looks for requests that have passed their time limit. */
const CHECK_REQUESTS_MS = 1_000;

/** How an app serves HTTP: options of the server, passed on as they are. */
export type HttpOptions = FastifyHttpOptions<Server>;

/** What every app is told by its environment; an app's own `config.ts` adds to it. */
export class ServiceConfig {
  @IsIn(['development', 'test', 'production']) NODE_ENV: string = 'development';

  @IsIn(['error', 'warn', 'log', 'debug', 'verbose']) LOG_LEVEL: 'error' | 'warn' | 'log' | 'debug' | 'verbose' = 'log';

  /** The address to listen on; containers say 0.0.0.0. */
  @IsString() HOST: string = '127.0.0.1';

  /** Where HTTP is served; without one the app serves none. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(65_535) PORT?: number;

  /** Milliseconds that an answer of another service is waited for; a gateway waits longer than those it asks. */
  @Type(() => Number) @IsInt() @Min(100) @Max(60_000) REQUEST_TIMEOUT_MS: number = 2_000;

  @ValidateIf(({ RABBITMQ_URL }: ServiceConfig) => RABBITMQ_URL !== IN_PROCESS)
  @IsServiceUrl('amqp', 'amqps')
  RABBITMQ_URL: string = 'amqp://guest:guest@127.0.0.1:5672';

  /** The OTLP collector (HTTP) that traces go to; without one none are made. The name is OpenTelemetry's, as is the next. */
  @IsOptional()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false })
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  /** The share of traces that is kept, 0 to 1; one that a caller began is kept where the caller keeps it. */
  @Type(() => Number) @IsNumber() @Min(0) @Max(1) OTEL_TRACES_SAMPLER_ARG: number = 0.1;

  /** Where health and metrics are served; without one, at PORT with all else. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(65_535) MANAGEMENT_PORT?: number;

  /** Milliseconds in which a client must have sent its whole request. */
  @Type(() => Number) @IsInt() @Min(100) @Max(600_000) HTTP_REQUEST_TIMEOUT_MS: number = 15_000;

  /** Milliseconds in which a client must have taken its whole answer, once that is ready. */
  @Type(() => Number) @IsInt() @Min(100) @Max(600_000) HTTP_RESPONSE_TIMEOUT_MS: number = 60_000;

  /** Milliseconds that an idle connection is kept. Longer than proxies keep theirs (Google's 600 s), so that none is closed while in use. */
  @Type(() => Number) @IsInt() @Min(1_000) @Max(3_600_000) KEEP_ALIVE_TIMEOUT_MS: number = 620_000;

  /** Open connections of one instance, WebSockets included; 0 for no limit. */
  @Type(() => Number) @IsInt() @Min(0) @Max(1_000_000) MAX_CONNECTIONS: number = 5_000;

  /** Of these, connections of one address that is not a proxy in TRUST_PROXY; 0 for no limit, the default outside of production. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(1_000_000) MAX_CONNECTIONS_PER_ADDRESS?: number;

  /** Milliseconds that requests are still accepted for after SIGTERM, for clients without a balancer; outside of production 0. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(4_000) SHUTDOWN_DELAY_MS?: number;

  /** Put before every queue and exchange, where environments share a broker. */
  @Matches(/^([\w-]+\.)?$/, { message: '$property must be empty or a word that ends with a dot' })
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
      // What arrives while it stops is answered.
      return503OnClosing: false,
    };
  }

  get connectionLimits(): { total: number; perAddress: number } {
    const perAddress = this.isProduction ? CONNECTIONS_PER_ADDRESS : 0;
    return { total: this.MAX_CONNECTIONS, perAddress: this.MAX_CONNECTIONS_PER_ADDRESS ?? perAddress };
  }

  /** Addresses and networks of the app's own proxies. */
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
  /** The service's own database; created where it is missing and the role may. */
  @IsServiceUrl('postgres', 'postgresql') DATABASE_URL: string;

  /** Connections that one instance opens at most. */
  @Type(() => Number) @IsInt() @Min(1) @Max(1000) DATABASE_POOL_SIZE: number = 10;

  /** Milliseconds that a statement may take; the server cancels it then. Migrations take as long as they need. */
  @Type(() => Number) @IsInt() @Min(500) @Max(600_000) DATABASE_QUERY_TIMEOUT_MS: number = 5_000;

  /** Milliseconds that a statement waits for a row or table that another transaction has locked. */
  @Type(() => Number) @IsInt() @Min(50) @Max(600_000) DATABASE_LOCK_TIMEOUT_MS: number = 1_000;

  /** `false` where the command `migrate` is run at each release: the service then waits until it has, with a role that may do no more than its work. */
  @IsIn(['true', 'false']) MIGRATE_AT_START: 'true' | 'false' = 'true';
}
