import helmet from '@fastify/helmet';
import { currentTraceparent, runWithTrace } from '@app/telemetry';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { GatewayConfig } from '../config.js';

/** What pages of other sites may send, where CORS_ORIGINS names them, and what they may read beside the body. */
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

/** What every answer of the gateway has, whoever gives it. */
@Injectable()
export class HttpEdge {
  constructor(host: HttpAdapterHost, { corsOrigins }: GatewayConfig) {
    const fastify = host.httpAdapter.getInstance<FastifyInstance>();
    // Everything that a request leads to belongs to the caller's trace, or to a new one.
    fastify.addHook('onRequest', ({ headers, id }, reply, done) => {
      const begin = () => {
        reply.header('traceresponse', currentTraceparent());
        done();
      };
      runWithTrace(headers.traceparent?.toString(), begin, { requestId: id });
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
      // Answers are data: nothing in them is to be run or shown.
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
      },
      // Pages of other sites that CORS lets in must be able to read them.
      crossOriginResourcePolicy: corsOrigins.length > 0 ? { policy: 'cross-origin' } : { policy: 'same-origin' },
    });
  }
}
