import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Requests that may wait on one connection. A connection with more is closed. */
const MAX_WAITING = 16;

/**
 * Runs the requests of a connection one after the other: each starts when the response to the previous one has been written out.
 * Node would run all pipelined requests at once and keep their responses in memory.
 */
export function serializeRequests(fastify: FastifyInstance): void {
  const waiting = new WeakMap<Socket, number>();
  fastify.addHook('onRequest', (request, { raw }, done) => {
    // Node assigns the socket to a response when the previous response has been written out.
    if (raw.socket) return done();
    const { socket } = request.raw;
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    if (count > MAX_WAITING) return void socket.destroy();
    // Without this, the request would belong to the trace of the previous one.
    const start = AsyncResource.bind(() => done());
    raw.once('socket', () => {
      waiting.set(socket, waiting.get(socket)! - 1);
      setImmediate(start);
    });
  });
}
