import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createServer } from 'node:http';
import { once } from 'node:events';

const MANAGEMENT = /^\/(health|metrics)(\/|\?|$)/;

/**
 * Health and metrics at a port of their own, and nothing else there; at the public port they are not to be found any more. To be
 * called before the app listens.
 */
export function manageAt(port: number, host: string, app: NestFastifyApplication) {
  const fastify = app.getHttpAdapter().getInstance();
  const server = createServer((request, response) => fastify.routing(request, response));
  const ours = new WeakSet<object>();
  server.on('connection', (socket) => ours.add(socket));
  fastify.addHook('onRequest', async (request, reply) => {
    if (MANAGEMENT.test(request.url) !== ours.has(request.raw.socket)) reply.callNotFound();
  });
  return {
    async listen() {
      server.listen(port, host);
      await once(server, 'listening');
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
