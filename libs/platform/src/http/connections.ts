import type { Server } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { Counter } from 'prom-client';
import type { ServiceConfig } from '../config/service-config.js';
import { clientAt } from './client-at.js';
import { networks } from './networks.js';
import { serializeRequests } from './pipelining.js';
import { limitResponses } from './unsent-responses.js';

/** On shutdown: the limit for accepting the connections that already wait, and the pause after which none waits any more. */
const BACKLOG_TIMEOUT_MS = 500;
const QUIET_MS = 20;
/** On shutdown: how long a new connection may take to send data, and a request to complete. */
const FIRST_BYTE_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 10_000;

const refused = new Counter({
  name: 'bazaar_http_connections_refused_total',
  help: 'Connections closed on arrival. limit: total (MAX_CONNECTIONS) or address (MAX_CONNECTIONS_PER_ADDRESS)',
  labelNames: ['service', 'limit'] as const,
});

/**
 * Limits the number of connections, WebSockets included, and the responses that they keep in memory. The timeout of requests is
 * an option of the server itself: `ServiceConfig.http`.
 */
export function limitConnections(fastify: FastifyInstance, service: string, config: ServiceConfig): void {
  const server = fastify.server as Server;
  const { total, perAddress } = config.connectionLimits;
  // Prometheus cannot compute a rate from the first sample of a new series, so each starts at 0.
  for (const limit of ['total', 'address']) refused.inc({ service, limit }, 0);
  if (total > 0) server.maxConnections = total;
  server.on('drop', () => refused.inc({ service, limit: 'total' }));
  if (perAddress > 0) limitPerAddress(server, perAddress, networks(config.trustedProxies), service);
  serializeRequests(fastify);
  limitResponses(fastify, service, config);
}

/** Does not limit trusted proxies, which hold the connections of many clients. */
function limitPerAddress(server: Server, limit: number, proxies: BlockList, service: string): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress: address = '' } = socket;
    if (proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return;
    const client = clientAt(address);
    const count = open.get(client) ?? 0;
    if (count >= limit) {
      refused.inc({ service, limit: 'address' });
      socket.destroy();
      return;
    }
    open.set(client, count + 1);
    socket.once('close', () => {
      const remaining = open.get(client)! - 1;
      if (remaining > 0) open.set(client, remaining);
      else open.delete(client);
    });
  });
}

/**
 * Closes the server without losing a request. For SHUTDOWN_DELAY_MS it accepts connections and answers every request with
 * `Connection: close`, so that clients disconnect. Then it stops listening and completes the requests that have arrived.
 */
export function drainOnClose(fastify: FastifyInstance, { shutdownDelayMs }: ServiceConfig): void {
  const server = fastify.server as Server;
  const open = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted++;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const destroy = (which: (socket: Socket) => boolean) => [...open].filter(which).forEach((socket) => socket.destroy());

  /**
   * Waits until no connection arrives for a while. If connections keep arriving, waits until none is left to accept: Node accepts
   * one per turn of the event loop.
   */
  const acceptBacklog = async () => {
    for (const pause of [() => sleep(QUIET_MS), () => nextTurn()]) {
      const deadline = performance.now() + BACKLOG_TIMEOUT_MS;
      for (let before = -1; before !== accepted && performance.now() < deadline; await pause()) before = accepted;
    }
  };

  let isClosing = false;
  let backlog: Promise<void> | undefined;
  const afterBacklog = (proceed: () => void) => (backlog ? void backlog.then(proceed) : proceed());
  fastify.addHook('onRequest', (_request, _reply, done) => afterBacklog(done));
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    // Fastify closes the connection when it rejects a body. A client that is still sending would see a reset and no response.
    else if (reply.statusCode === 413) reply.removeHeader('connection');
    afterBacklog(() => done(null, payload));
  });
  fastify.addHook('preClose', async () => {
    isClosing = true;
    if (!server.listening) return;
    await sleep(shutdownDelayMs);
    // The kernel would reset connections that wait to be accepted. Responses are held back meanwhile: a client that gets one
    // reconnects, and the backlog would never be empty.
    await (backlog = acceptBacklog());
    backlog = undefined;
    server.close();
    const timers = [
      setTimeout(() => destroy(({ bytesRead }) => bytesRead === 0), FIRST_BYTE_TIMEOUT_MS),
      setTimeout(() => destroy(() => true), REQUEST_TIMEOUT_MS),
    ];
    server.once('close', () => timers.forEach(clearTimeout));
  });
}
