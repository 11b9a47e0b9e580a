import type { ServiceName } from '@app/contracts';
import type { HttpOptions } from './config/service-config.js';
import type { EntityClass, MigrationObject } from '@mikro-orm/core';
import type { Type } from '@nestjs/common';
import type { StaleRows } from './database/pruning.js';

/** An app. It can be started alone, in one process with others, or under test. */
export interface ServiceDefinition {
  readonly name: ServiceName | 'gateway';
  readonly module: Type;
  /** Answers clients whose request Node's HTTP server rejects before Fastify sees it. */
  readonly clientErrorHandler?: (requestTimeoutMs: number) => HttpOptions['clientErrorHandler'];
  /** Undefined if the app has no database. */
  readonly database?: {
    readonly entities: EntityClass<object>[];
    readonly migrations: MigrationObject[];
    readonly stale?: readonly StaleRows[];
  };
}
