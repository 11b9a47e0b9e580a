import type { Server } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { Counter } from 'prom-client';
import type { ServiceConfig } from '../config/service-config.js';
import { networks } from './networks.js';

/** On shutdown: how long connections are accepted that wait already; then, how long one has to send its request, and that to end. */
const BACKLOG_MS = 500;
const QUIET_MS = 20;
const FIRST_BYTE_MS = 1_000;
const IN_FLIGHT_MS = 10_000;

const refused = new Counter({
  name: 'bazaar_http_connections_refused_total',
  help: 'Connections closed on arrival. limit: total (MAX_CONNECTIONS) or address (MAX_CONNECTIONS_PER_ADDRESS)',
  labelNames: ['service', 'limit'] as const,
});

/**
 * Limits how many connections a server holds, WebSockets included, and how long an answer may take to leave. How long a request
 * may take to arrive is an option of the server itself: `ServiceConfig.http`.
 */
export function limitConnections(fastify: FastifyInstance, service: string, config: ServiceConfig): void {
  const server = fastify.server as Server;
  const { total, perAddress } = config.connectionLimits;
  // From the start: a rate does not see a series begin.
  for (const limit of ['total', 'address']) refused.inc({ service, limit }, 0);
  if (total > 0) server.maxConnections = total;
  server.on('drop', () => refused.inc({ service, limit: 'total' }));
  if (perAddress > 0) limitPerAddress(server, perAddress, networks(config.trustedProxies), service);

  fastify.addHook('onSend', (request, { raw }, payload, done) => {
    const tooSlow = setTimeout(() => request.raw.socket.destroy(), config.HTTP_RESPONSE_TIMEOUT_MS).unref();
    raw.once('close', () => clearTimeout(tooSlow));
    done(null, payload);
  });
}

/** A proxy holds the connections of many clients; everyone else has so many. */
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
      const left = open.get(client)! - 1;
      if (left > 0) open.set(client, left);
      else open.delete(client);
    });
  });
}

/** An IPv6 client has a whole /64 to choose its addresses from. */
export function clientAt(address: string): string {
  if (isIP(address) !== 6 || address.startsWith('::ffff:')) return address;
  const [left = [], right = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}

/**
 * Closes the server without losing a request: for SHUTDOWN_DELAY_MS it goes on accepting and answers everything with
 * `Connection: close`, so that clients leave by themselves. Then it stops listening, and ends what has arrived.
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

  const acceptAll = async () => {
    // Until nobody comes for a while; where somebody always does, until nobody waits: Node accepts one in each turn of its loop.
    for (const pause of [() => sleep(QUIET_MS), () => nextTurn()]) {
      const deadline = performance.now() + BACKLOG_MS;
      for (let before = -1; before !== accepted && performance.now() < deadline; await pause()) before = accepted;
    }
  };

  let isClosing = false;
  let backlog: Promise<void> | undefined;
  const whenAccepted = (proceed: () => void) => (backlog ? void backlog.then(proceed) : proceed());
  fastify.addHook('onRequest', (_request, _reply, done) => whenAccepted(done));
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    // Fastify would close where it refuses a body. A client that still sends it would find its connection reset, and no answer.
    else if (reply.statusCode === 413) reply.removeHeader('connection');
    whenAccepted(() => done(null, payload));
  });
  fastify.addHook('preClose', async () => {
    isClosing = true;
    if (!server.listening) return;
    await sleep(shutdownDelayMs);
    // The kernel would reset connections that still wait to be accepted. Meanwhile nobody is answered: whoever is comes back on
    // another connection, and there would be no end.
    await (backlog = acceptAll());
    backlog = undefined;
    server.close();
    const timers = [
      setTimeout(() => destroy(({ bytesRead }) => bytesRead === 0), FIRST_BYTE_MS),
      setTimeout(() => destroy(() => true), IN_FLIGHT_MS),
    ];
    server.once('close', () => timers.forEach(clearTimeout));
  });
}
