import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, Min, ValidateIf } from 'class-validator';
import { IsServiceUrl } from './is-service-url.js';

/** In the place of the broker's URL: messages stay within the process, and none is connected to. */
export const IN_PROCESS = 'in-process';

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

  /** Put before every queue and exchange, where environments share a broker. */
  @Matches(/^([\w-]+\.)?$/, { message: '$property must be empty or a word that ends with a dot' })
  RABBITMQ_PREFIX: string = '';
}

export class DatabaseServiceConfig extends ServiceConfig {
  /** The service's own database; created where it is missing and the role may. */
  @IsServiceUrl('postgres', 'postgresql') DATABASE_URL: string;

  /** Connections that one instance opens at most. */
  @Type(() => Number) @IsInt() @Min(1) @Max(1000) DATABASE_POOL_SIZE: number = 10;
}
