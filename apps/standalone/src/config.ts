import { GatewayConfig } from '../../gateway/src/config.js';
import { IN_PROCESS, IsServiceUrl, loadConfig, type DatabaseServiceConfig } from '@app/platform';
import type { Type } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';

/** What the standalone itself is told; the services in it read the rest of the environment. */
export class StandaloneConfig {
  /** The folder of the embedded PostgreSQL; made where it is missing. */
  @IsString() DATA_DIR: string = '.data';

  /** A PostgreSQL server in place of the embedded one; each service gets a database of its own there. */
  @IsOptional() @IsServiceUrl('postgres', 'postgresql') DATABASE_URL?: string;

  /** A broker in place of messages within the process. */
  @IsOptional() @IsServiceUrl('amqp', 'amqps') RABBITMQ_URL?: string;

  @IsString() RABBITMQ_PREFIX: string = '';
}

export const readConfig = () => loadConfig(StandaloneConfig, process.env);

const environment = () => ({
  ...process.env,
  RABBITMQ_URL: process.env.RABBITMQ_URL || IN_PROCESS,
  // Quiet unless asked: that all is well is no news to whoever tries the API.
  LOG_LEVEL: process.env.LOG_LEVEL || 'warn',
});

export const readGatewayConfig = () => loadConfig(GatewayConfig, environment());

/** A service in here has its own database and serves no HTTP. */
export const readServiceConfig = <C extends DatabaseServiceConfig>(type: Type<C>, databaseUrl: string): C =>
  Object.assign(new type(), loadConfig(type, { ...environment(), DATABASE_URL: databaseUrl, PORT: '' }), {
    PORT: undefined,
  });
