import { currentTraceparent, runWithTrace } from '@app/telemetry';
import {
  BadRequestException,
  Injectable,
  type OnApplicationBootstrap,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../config.js';
import { compressAnswers } from './compression.js';
import { allowOrigins } from './cors.js';
import { securityHeaders } from './security-headers.js';

/** Without what would end the host in a URL. */
const HOST = /^[^\s/?#@\\]+$/;

/** The trace and the headers of every response of the gateway. */
@Injectable()
export class HttpEdge implements OnApplicationBootstrap {
  constructor(
    private readonly host: HttpAdapterHost,
    config: GatewayConfig,
  ) {
    const fastify = host.httpAdapter.getInstance<FastifyInstance>();
    // Pages that CORS allows must be able to read responses.
    const headers = securityHeaders({ isReadByOtherOrigins: config.corsOrigins.length > 0 });
    // A request continues the client's trace, or starts a new one.
    fastify.addHook('onRequest', (request, reply, done) => {
      const begin = () => {
        reply.headers(headers).header('traceresponse', currentTraceparent());
        if (!hasValidHost(request)) return done(new BadRequestException('The Host header is not valid'));
        if (!isEncoded(request)) return done();
        reply.header('accept-encoding', 'identity');
        done(new UnsupportedMediaTypeException('Send the body without Content-Encoding'));
      };
      runWithTrace(request.headers.traceparent?.toString(), begin, { requestId: request.id });
    });
    allowOrigins(host.httpAdapter, config);
  }

  /** After all hooks that read answers. */
  onApplicationBootstrap(): void {
    compressAnswers(this.host.httpAdapter.getInstance());
  }
}

const isEncoded = ({ headers }: FastifyRequest) => (headers['content-encoding'] ?? 'identity') !== 'identity';

/** Only HTTP/1.0 allows a request without Host. Apollo needs one to parse the URL. */
function hasValidHost(request: FastifyRequest): boolean {
  request.raw.headers.host ??= 'localhost';
  const { host, hostname, protocol } = request;
  return HOST.test(host) && URL.canParse(`${protocol}://${hostname}/`);
}
