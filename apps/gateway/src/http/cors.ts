import { AppError } from '@app/contracts';
import { HttpException, HttpStatus } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.js';

/** The headers that clients in browsers send. CORS_HEADERS adds to them. */
const REQUEST_HEADERS = [
  'accept',
  'apollo-require-preflight',
  'apollographql-client-name',
  'apollographql-client-version',
  'authorization',
  'baggage',
  'content-type',
  'idempotency-key',
  'sentry-trace',
  'traceparent',
  'tracestate',
  'x-apollo-operation-name',
  'x-request-id',
];
const RESPONSE_HEADERS = ['ratelimit', 'ratelimit-policy', 'retry-after', 'traceresponse'];
const PREFLIGHT_SECONDS = 600;

/** Of an origin in a message, in characters. */
const MAX_ORIGIN_LENGTH = 300;

const METHODS = 'GET, POST, OPTIONS';

/** CORS: pages of allowed origins may call the API. The error for other pages names the setting to change. */
export function allowOrigins(adapter: AbstractHttpAdapter, config: GatewayConfig): void {
  adapter.enableCors({
    origin: (origin: string | undefined, answer: (error: null, isAllowed: boolean) => void) =>
      answer(null, origin !== undefined && config.allowsOrigin(origin)),
    methods: ['GET', 'POST'],
    allowedHeaders: [...REQUEST_HEADERS, ...config.corsHeaders],
    exposedHeaders: RESPONSE_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  // After the hooks that set the headers of every response, and answer the preflight requests of allowed origins.
  fastify.after(() =>
    fastify.addHook('onRequest', (request, reply, done) => {
      if (!/^\/graphql\/?(\?|$)/.test(request.url)) done();
      else if (request.method === 'OPTIONS') answerOptions(request, reply, done);
      else if (request.method === 'GET') checkGet(request, config, done);
      else done();
    }),
  );
}

type Done = (error?: Error) => void;

function answerOptions({ headers: { origin } }: FastifyRequest, reply: FastifyReply, done: Done): void {
  if (origin === undefined) void reply.code(204).header('allow', METHODS).send();
  else done(refusalOf(origin));
}

/**
 * CSRF protection rejects a GET request that any page could send. A browser sets `Origin` and `Sec-Fetch-Mode` itself: in the mode
 * `cors` it names the origin of a page of another site.
 */
function checkGet({ headers }: FastifyRequest, config: GatewayConfig, done: Done): void {
  const { origin } = headers;
  if (headers['apollo-require-preflight'] || headers['x-apollo-operation-name']) return done();
  if (origin !== undefined && !config.allowsOrigin(origin)) return done(refusalOf(origin));
  if (origin !== undefined || headers['sec-fetch-mode'] === 'cors') headers['apollo-require-preflight'] = 'allowed';
  done();
}

/** Says which setting allows an origin. */
export const originNotAllowed = (origin: string): AppError =>
  new AppError(
    'ORIGIN_NOT_ALLOWED',
    `Pages of ${origin.slice(0, MAX_ORIGIN_LENGTH)} may not call this API. Add the origin to CORS_ORIGINS.`,
  );

function refusalOf(origin: string): HttpException {
  const cause = originNotAllowed(origin);
  return new HttpException(cause.message, HttpStatus.FORBIDDEN, { cause });
}
