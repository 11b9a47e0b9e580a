import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { createServer } from 'node:http';

const MANAGEMENT = /^\/(health|metrics)(\/|\?|$)/;

/**
 * Gives health and metrics a port of their own, where there is nothing else; at the public port they are not to be found any more.
 * To be called before the app listens; the port closes with the app.
 */
export function manageAt(app: NestFastifyApplication) {
  const fastify = app.getHttpAdapter().getInstance();
  const server = createServer((request, response) => fastify.routing(request, response));
  const ours = new WeakSet<object>();
  server.on('connection', (socket) => ours.add(socket));
  fastify.addHook('onRequest', async (request, reply) => {
    if (MANAGEMENT.test(request.url) !== ours.has(request.raw.socket)) reply.callNotFound();
  });
  fastify.addHook('onClose', async () => {
    server.close();
    server.closeAllConnections();
  });
  return {
    async listen(port: number, host: string) {
      server.listen(port, host);
      await once(server, 'listening');
    },
  };
}
