import { HttpException } from '@nestjs/common';
import fastify, { type FastifyInstance } from 'fastify';
import type { HttpOptions } from '../config/service-config.js';
import { register } from 'prom-client';
import type { HealthController } from '../health/health.controller.js';

/** Serves health and metrics on a separate port. The app then registers no such routes on its public port. */
export function managementServer(health: HealthController, http: HttpOptions): FastifyInstance {
  const server: FastifyInstance = fastify({ ...http, forceCloseConnections: true });
  server.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-cache, no-store, must-revalidate');
  });
  server.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof HttpException)) throw error;
    return reply.code(error.getStatus()).send(error.getResponse());
  });
  for (const name of ['live', 'started', 'ready'] as const) server.get(`/health/${name}`, async () => health[name]());
  server.get('/metrics', async (_request, reply) => reply.type(register.contentType).send(await register.metrics()));
  return server;
}
