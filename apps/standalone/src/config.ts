import { GatewayConfig } from '../../gateway/src/config.js';
import { IN_PROCESS, IsServiceUrl, loadConfig, type DatabaseServiceConfig } from '@app/platform';
import type { Type } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';

/** The standalone's own settings. Its services read the rest of the environment. */
export class StandaloneConfig {
  /** The folder of the embedded PostgreSQL. Created if it is missing. */
  @IsString() DATA_DIR: string = '.data';

  /** A PostgreSQL server to use instead of the embedded one. Each service gets its own database there. */
  @IsOptional() @IsServiceUrl('postgres', 'postgresql') DATABASE_URL?: string;

  /** A broker to use instead of messages within the process. */
  @IsOptional() @IsServiceUrl('amqp', 'amqps') RABBITMQ_URL?: string;

  @IsString() RABBITMQ_PREFIX: string = '';
}

export const readConfig = () => loadConfig(StandaloneConfig, process.env);

const environment = () => ({
  ...process.env,
  RABBITMQ_URL: process.env.RABBITMQ_URL || IN_PROCESS,
  // Quiet by default, for people who try the API.
  LOG_LEVEL: process.env.LOG_LEVEL || 'warn',
});

export const readGatewayConfig = () => loadConfig(GatewayConfig, environment());

/** A service of the standalone has its own database and serves no HTTP. */
export const readServiceConfig = <C extends DatabaseServiceConfig>(type: Type<C>, databaseUrl: string): C =>
  Object.assign(new type(), loadConfig(type, { ...environment(), DATABASE_URL: databaseUrl, PORT: '' }), {
    PORT: undefined,
  });
