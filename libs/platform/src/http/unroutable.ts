import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * Fastify's router rejects a URL that it cannot read before any hook has run. Here such a request is one for an unknown path
 * instead, so that it has the limits, the headers and the error format of every other.
 */
export function routeAsUnknownPath(_error: Error, request: FastifyRequest, { raw }: FastifyReply): void {
  request.raw.url = '/';
  (request.server as FastifyInstance).routing(request.raw, raw);
}
