import type { ServerResponse } from 'node:http';
import { ServiceUnavailableException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { Gauge } from 'prom-client';
import type { ServiceConfig } from '../config/service-config.js';
import { clientAt } from './client-at.js';

/** How long a client may take to receive a response while too many bytes are unsent. */
const SLOW_CLIENT_MS = 2_000;
const RETRY_AFTER_SECONDS = 1;
const MANAGEMENT_ROUTE = /^\/(health\/|metrics$)/;

interface Unsent {
  readonly address: string;
  readonly bytes: number;
  readonly since: number;
}

/** The responses of all servers of this process that have not been written out, oldest first. */
const unsent = new Map<ServerResponse, Unsent>();
let unsentBytes = 0;

const services = new Set<string>();

const gauge = new Gauge({
  name: 'bazaar_http_unsent_bytes',
  help: 'Bytes of responses that clients have not received yet. New requests are refused above MAX_UNSENT_BYTES',
  labelNames: ['service'] as const,
  collect() {
    for (const service of services) this.set({ service }, unsentBytes);
  },
});

/**
 * Limits the time that a client takes to receive a response, and the memory of responses that clients have not received. While
 * that is exceeded, the clients that cause it are disconnected and new requests are refused.
 */
export function limitResponses(fastify: FastifyInstance, service: string, config: ServiceConfig): void {
  const { HTTP_RESPONSE_TIMEOUT_MS: timeoutMs, MAX_UNSENT_BYTES: limit } = config;
  services.add(service);
  gauge.set({ service }, unsentBytes);

  // After all onRequest hooks, so that a refusal has the headers of every response. The body is not read yet.
  fastify.addHook('preParsing', ({ routeOptions }, reply, _payload, done) => {
    if (MANAGEMENT_ROUTE.test(routeOptions.url ?? '') || hasRoomForResponses(limit)) return done();
    reply.header('retry-after', String(RETRY_AFTER_SECONDS));
    done(new ServiceUnavailableException('Too many responses have not been received: try again later'));
  });

  fastify.addHook('onSend', (request, { raw }, payload, done) => {
    const tooSlow = setTimeout(() => request.raw.socket.destroy(), timeoutMs).unref();
    raw.once('close', () => {
      clearTimeout(tooSlow);
      release(raw);
    });
    // A response whose connection has closed emits no event any more.
    if (!raw.destroyed) {
      const bytes = sizeOf(payload);
      unsentBytes += bytes;
      unsent.set(raw, { address: request.ip, bytes, since: performance.now() });
      if (unsentBytes > limit) makeRoom(limit);
    }
    done(null, payload);
  });
}

/** Whether another response may be made: work that begins long after its request arrived asks again. */
export function hasRoomForResponses(limit: number): boolean {
  if (unsentBytes > limit) makeRoom(limit);
  return unsentBytes <= limit;
}

/** Disconnects a client that holds more than half of the limit at once, so that it affects no others, and else those that are slow. */
function makeRoom(limit: number): void {
  const held = new Map<string, number>();
  for (const { address, bytes } of unsent.values()) {
    const client = clientAt(address);
    held.set(client, (held.get(client) ?? 0) + bytes);
  }
  const slowSince = performance.now() - SLOW_CLIENT_MS;
  for (const [response, { address, since }] of unsent) {
    if (unsentBytes <= limit) return;
    if (since > slowSince && held.get(clientAt(address))! <= limit / 2) continue;
    response.socket?.destroy();
    release(response);
  }
}

function release(response: ServerResponse): void {
  unsentBytes -= unsent.get(response)?.bytes ?? 0;
  unsent.delete(response);
}

/** 0 for a stream, which waits for its client. */
const sizeOf = (payload: unknown) =>
  typeof payload === 'string' || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : 0;
