import type { ServiceName } from '@app/contracts';
import type { HttpOptions } from './config/service-config.js';
import type { EntityClass, MigrationObject } from '@mikro-orm/core';
import type { Type } from '@nestjs/common';
import type { StaleRows } from './database/pruning.js';

/** One app, as it can be started alone, in one process with others, or under test. */
export interface ServiceDefinition {
  readonly name: ServiceName | 'gateway';
  readonly module: Type;
  /** Answers what Node's HTTP server refuses before there is a request. */
  readonly clientErrorHandler?: (requestTimeoutMs: number) => HttpOptions['clientErrorHandler'];
  /** Left out by an app that keeps no data. */
  readonly database?: {
    readonly entities: EntityClass<object>[];
    readonly migrations: MigrationObject[];
    readonly stale?: readonly StaleRows[];
  };
}
