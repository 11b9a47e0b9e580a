import { connectMessaging, type Transport } from '@app/messaging';
import { MikroORM } from '@mikro-orm/postgresql';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import { DatabaseServiceConfig, type ServiceConfig } from './config/service-config.js';
import { prepareDatabase } from './database/database.js';
import type { ServiceDefinition } from './service-definition.js';
import { HealthController } from './health/health.controller.js';
import { drainOnClose, limitConnections } from './http/connections.js';
import { managementServer } from './http/management-server.js';
import { routeAsUnknownPath } from './http/unroutable.js';
import { ServiceModule } from './service.module.js';

/** The largest request body that any endpoint accepts, in bytes. */
const BODY_LIMIT = 256 * 1024;

/**
 * Starts one service in this process: prepares its database, serves HTTP if the configuration names a port, then receives
 * messages. Closing the returned app completes the work in flight. It does not close the transport, which the caller owns.
 */
export async function startService(
  definition: ServiceDefinition,
  config: ServiceConfig,
  transport: Transport,
): Promise<NestFastifyApplication> {
  const clientErrorHandler = definition.clientErrorHandler?.(config.HTTP_REQUEST_TIMEOUT_MS);
  const adapter = new FastifyAdapter({
    ...config.http,
    bodyLimit: BODY_LIMIT,
    frameworkErrors: routeAsUnknownPath,
    ...(clientErrorHandler && { clientErrorHandler }),
  });
  drainOnClose(adapter.getInstance(), config);
  limitConnections(adapter.getInstance(), definition.name, config);
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceModule.of(definition, config, transport),
    adapter,
    { abortOnError: false, bufferLogs: false },
  );
  try {
    if (definition.database && config instanceof DatabaseServiceConfig)
      await prepareDatabase(app.get(MikroORM), definition, config);
    connectMessaging(app, definition.name === 'gateway' ? { broadcast: 'gateway' } : definition.name, transport);
    if (config.PORT === undefined) await app.init();
    else await listen(app, config.PORT, definition, config);
    await app.startAllMicroservices();
    app.get(HealthController).markStarted();
    return app;
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

async function listen(
  app: NestFastifyApplication,
  port: number,
  { name }: ServiceDefinition,
  config: ServiceConfig,
): Promise<void> {
  const { managementPort, HOST, http } = config;
  if (managementPort !== undefined) {
    const management = managementServer(app.get(HealthController), http);
    limitConnections(management, name, config);
    // Closes last: it answers until no request is in flight.
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onClose', () => management.close());
    await management.listen({ port: managementPort, host: HOST });
  }
  await app.listen(port, HOST);
}
