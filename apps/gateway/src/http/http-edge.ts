import helmet from '@fastify/helmet';
import { currentTraceparent, runWithTrace } from '@app/telemetry';
import { BadRequestException, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../config.js';

/** The headers that pages of other origins may send and read, if CORS_ORIGINS lists them. */
const REQUEST_HEADERS = [
  'accept',
  'apollo-require-preflight',
  'authorization',
  'content-type',
  'idempotency-key',
  'traceparent',
  'tracestate',
  'x-apollo-operation-name',
];
const RESPONSE_HEADERS = ['ratelimit', 'ratelimit-policy', 'retry-after', 'traceresponse'];
const PREFLIGHT_SECONDS = 600;
/** Without what would end the host in a URL. */
const HOST = /^[^\s/?#@\\]+$/;

/** The trace and the headers of every response of the gateway. */
@Injectable()
export class HttpEdge {
  constructor(host: HttpAdapterHost, { corsOrigins }: GatewayConfig) {
    const fastify = host.httpAdapter.getInstance<FastifyInstance>();
    // A request continues the client's trace, or starts a new one.
    fastify.addHook('onRequest', (request, reply, done) => {
      const begin = () => {
        reply.header('traceresponse', currentTraceparent());
        done(hasValidHost(request) ? undefined : new BadRequestException('The Host header is not valid'));
      };
      runWithTrace(request.headers.traceparent?.toString(), begin, { requestId: request.id });
    });
    if (corsOrigins.length > 0)
      host.httpAdapter.enableCors({
        origin: corsOrigins,
        methods: ['GET', 'POST'],
        allowedHeaders: REQUEST_HEADERS,
        exposedHeaders: RESPONSE_HEADERS,
        maxAge: PREFLIGHT_SECONDS,
      });
    void fastify.register(helmet, {
      // Responses are data: a browser must not run or show them.
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
      },
      // Pages that CORS allows must be able to read them.
      crossOriginResourcePolicy: corsOrigins.length > 0 ? { policy: 'cross-origin' } : { policy: 'same-origin' },
    });
  }
}

/** Only HTTP/1.0 allows a request without Host. Apollo needs one to parse the URL. */
function hasValidHost(request: FastifyRequest): boolean {
  request.raw.headers.host ??= 'localhost';
  const { host, hostname, protocol } = request;
  return HOST.test(host) && URL.canParse(`${protocol}://${hostname}/`);
}
