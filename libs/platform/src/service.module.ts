import { MessagingModule, type Transport } from '@app/messaging';
import { MikroOrmModule } from '@mikro-orm/nestjs';
import { EntityManager } from '@mikro-orm/postgresql';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { register } from 'prom-client';
import { DatabaseServiceConfig, type ServiceConfig } from './config/service-config.js';
import { ormOptions } from './database/database.js';
import { OLD_INBOX_ROWS, Pruning } from './database/pruning.js';
import { Dependencies } from './health/dependencies.js';
import { HealthController } from './health/health.controller.js';
import type { ServiceDefinition } from './service-definition.js';
import { SERVICE_NAME, TRANSPORT } from './tokens.js';

/** Configuration, messaging, database, health and metrics of a service, together with the service's own module. */
@Global()
@Module({})
export class ServiceModule {
  static of(definition: ServiceDefinition, config: ServiceConfig, transport: Transport): DynamicModule {
    const { name, database, module } = definition;
    const withDatabase = database && config instanceof DatabaseServiceConfig ? { database, config } : undefined;
    const stale = withDatabase && [OLD_INBOX_ROWS, ...(withDatabase.database.stale ?? [])];
    const hasManagementServer = config.managementPort !== undefined;
    const prometheus = PrometheusModule.register({
      defaultLabels: { service: name },
      // A process has one registry. If several services share it, only the first adds the metrics of the process.
      defaultMetrics: { enabled: register.getSingleMetric('process_cpu_seconds_total') === undefined },
    });
    return {
      module: ServiceModule,
      imports: [
        MessagingModule.forRoot({
          service: name === 'gateway' ? undefined : name,
          transport,
          databaseUrl: withDatabase?.config.DATABASE_URL,
          requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
        }),
        ...(withDatabase
          ? [
              MikroOrmModule.forRoot({
                ...ormOptions(name, withDatabase.database, withDatabase.config),
                registerRequestContext: false,
              }),
            ]
          : []),
        TerminusModule.forRoot({ errorLogStyle: 'pretty' }),
        hasManagementServer ? { ...prometheus, controllers: [] } : prometheus,
        module,
      ],
      controllers: hasManagementServer ? [] : [HealthController],
      providers: [
        ...(hasManagementServer ? [HealthController] : []),
        { provide: config.constructor, useValue: config },
        { provide: SERVICE_NAME, useValue: name },
        { provide: TRANSPORT, useValue: transport },
        Dependencies,
        ...(stale
          ? [{ provide: Pruning, inject: [EntityManager], useFactory: (em: EntityManager) => new Pruning(em, stale) }]
          : []),
      ],
      exports: [config.constructor as never],
    };
  }
}
