import helmet from '@fastify/helmet';
import { currentTraceparent, runWithTrace } from '@app/telemetry';
import { BadRequestException, Injectable, UnsupportedMediaTypeException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../config.js';
import { compressAnswers } from './compression.js';
import { allowOrigins } from './cors.js';

/** Without what would end the host in a URL. */
const HOST = /^[^\s/?#@\\]+$/;

/** The trace and the headers of every response of the gateway. */
@Injectable()
export class HttpEdge {
  constructor(host: HttpAdapterHost, config: GatewayConfig) {
    const fastify = host.httpAdapter.getInstance<FastifyInstance>();
    // A request continues the client's trace, or starts a new one.
    fastify.addHook('onRequest', (request, reply, done) => {
      const begin = () => {
        reply.header('traceresponse', currentTraceparent());
        if (!hasValidHost(request)) return done(new BadRequestException('The Host header is not valid'));
        if (!isEncoded(request)) return done();
        reply.header('accept-encoding', 'identity');
        done(new UnsupportedMediaTypeException('Send the body without Content-Encoding'));
      };
      runWithTrace(request.headers.traceparent?.toString(), begin, { requestId: request.id });
    });
    void fastify.register(helmet, {
      // Responses are data: a browser must not run or show them.
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
      },
      // Pages that CORS allows must be able to read them.
      crossOriginResourcePolicy: config.corsOrigins.length > 0 ? { policy: 'cross-origin' } : { policy: 'same-origin' },
    });
    allowOrigins(host.httpAdapter, config);
    compressAnswers(fastify);
  }
}

const isEncoded = ({ headers }: FastifyRequest) => (headers['content-encoding'] ?? 'identity') !== 'identity';

/** Only HTTP/1.0 allows a request without Host. Apollo needs one to parse the URL. */
function hasValidHost(request: FastifyRequest): boolean {
  request.raw.headers.host ??= 'localhost';
  const { host, hostname, protocol } = request;
  return HOST.test(host) && URL.canParse(`${protocol}://${hostname}/`);
}
