import { createHash } from 'node:crypto';
import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import type { AppError } from '@app/contracts';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type FieldNode, type GraphQLSchema, Kind, type OperationDefinitionNode } from 'graphql';
import type { LimitName } from '../config.js';
import { countLookups } from '../cache/cache-metrics.js';
import { fieldOf, measureAnswer } from '../graphql/operation-metrics.js';
import { fragmentsOf } from '../graphql/limits/operation-limits.js';
import { addVary, compressedOnce } from '../http/compression.js';
import { mediaTypeFor } from '../http/media-type.js';
import { AddressLimit } from '../throttle/address-limit.js';
import { chargeOf } from '../throttle/operation-charge.js';
import { clientOf, RateLimits } from '../throttle/rate-limits.js';
import { type Answer, AnswerCache } from './answer-cache.js';
import { ProductVersion } from './product-version.js';
import { isPublic } from './public-fields.js';

const API = '/graphql';
/** In characters. A longer request has data in it that no other client sends. */
const MAX_REQUEST_LENGTH = 10_000;
/** For browsers and CDNs. Products are read up to one second old anyway. */
const CACHE_CONTROL = 'public, max-age=1, stale-while-revalidate=1';
const PREFLIGHTED = ['content-type', 'apollo-require-preflight', 'x-apollo-operation-name'] as const;
/** What the answer to a GET request depends on, besides its URL. */
const VARY = ['accept', 'authorization', ...PREFLIGHTED].join(', ');

/** An answer that is about to be made. */
interface Pending {
  readonly request: string;
  readonly version: string;
  /** What is known of a public answer before it is made. */
  operation?: Pick<Answer, 'field' | 'charges'>;
  /** Lets requests for the same answer go on. */
  release(): void;
}

interface Operation {
  readonly req: FastifyRequest;
}

/**
 * Answers anonymous requests for public data with the bytes of an earlier answer, before GraphQL parses them. Requests for the same
 * answer wait for the first of them. The trace, the limits, the headers and the metrics of a request stay as they are.
 */
@Plugin()
export class PublicAnswers implements ApolloServerPlugin<Operation>, OnModuleInit {
  private readonly pending = new WeakMap<FastifyRequest['raw'], Pending>();
  /** The answers that are being made, by version and request. */
  private readonly filling = new Map<string, Promise<void>>();

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly version: ProductVersion,
    private readonly cache: AnswerCache,
    private readonly limits: RateLimits,
    private readonly addresses: AddressLimit,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('preHandler', (request, reply) => this.answer(request, reply));
    fastify.addHook('onSend', (request, reply, payload, done) => {
      this.finish(request, reply, payload);
      done(null, payload);
    });
  }

  async requestDidStart(): Promise<GraphQLRequestListener<Operation>> {
    return {
      didResolveOperation: async ({ schema, document, operation, request, contextValue: { req } }) => {
        const pending = this.pending.get(req.raw);
        if (pending && operation)
          pending.operation = publicOperation(schema, operation, {
            fragments: fragmentsOf(document),
            variableValues: request.variables ?? {},
          });
      },
      willSendResponse: async ({ contextValue: { req }, response: { body } }) => {
        const pending = this.pending.get(req.raw);
        const isComplete = body.kind === 'single' && body.singleResult.data && !body.singleResult.errors;
        if (pending && !isComplete) pending.operation = undefined;
      },
    };
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const began = performance.now();
    const key = keyOf(request);
    const version = key && (await this.version.current());
    if (!version) return undefined;
    const answer = this.cache.inMemory(version, key) ?? (await this.fill(version, key, request, reply));
    if (!answer) return undefined;
    const client = clientOf(request.ip);
    const charges = Object.entries(answer.charges) as [LimitName, number][];
    try {
      await this.limits.charge(
        charges.map(([limit, amount]) => ({ limit, client, amount })),
        reply,
      );
    } catch (error) {
      return this.addresses.refuse(error as AppError, request, reply);
    }
    countLookups('hit');
    measureAnswer(answer.field, began);
    return send(answer, request, reply);
  }

  /** The answer if another gateway or request makes it. Undefined if this request is to make it. */
  private async fill(
    version: string,
    key: string,
    { raw }: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Answer | undefined> {
    const pending: Pending = { request: key, version, release: () => {} };
    this.pending.set(raw, pending);
    if (!this.cache.isKnown(key)) return undefined;
    const name = `${version} ${key}`;
    const others = this.filling.get(name);
    if (others) {
      await others;
      return this.cache.inMemory(version, key);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.filling.set(name, promise);
    pending.release = () => {
      this.filling.delete(name);
      resolve();
    };
    reply.raw.once('close', pending.release);
    return this.cache.inRedis(version, key);
  }

  private finish({ raw, method }: FastifyRequest, reply: FastifyReply, payload: unknown): void {
    const pending = this.pending.get(raw);
    if (!pending) return;
    const { request, version, operation, release } = pending;
    const isKnown = this.cache.isKnown(request);
    if (operation && !isKnown) this.cache.know(request);
    const isUsed = isKnown || method === 'GET';
    if (operation && isUsed && reply.statusCode === 200 && typeof payload === 'string') {
      const etag = `W/"${createHash('sha256').update(payload).digest('base64url')}"`;
      const answer = { ...operation, body: payload, etag, mediaType: String(reply.getHeader('content-type')) };
      if (isKnown) this.cache.keep(version, request, answer);
      if (method === 'GET') allowCaching(answer, reply);
    }
    release();
  }
}

/** Identifies the requests that have the same answer: undefined for one that has a caller, or is not a request to the API. */
function keyOf({ routeOptions, headers, method, body, query }: FastifyRequest): string | undefined {
  if (routeOptions.url !== API || headers.authorization !== undefined) return undefined;
  const asked = method === 'POST' ? body : query;
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) return undefined;
  if (Number(headers['content-length'] ?? 0) > MAX_REQUEST_LENGTH) return undefined;
  // The CSRF protection looks at these headers of a GET request.
  const checked = method === 'GET' ? PREFLIGHTED.map((name) => headers[name] ?? '') : [];
  const key = JSON.stringify([method, mediaTypeFor(headers.accept), ...checked, asked]);
  return key.length > MAX_REQUEST_LENGTH ? undefined : key;
}

/** Undefined for an operation whose answer is not public. */
function publicOperation(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  known: Parameters<typeof chargeOf>[3],
): Pending['operation'] {
  if (!isPublic(schema, operation, known.fragments)) return undefined;
  const { selections } = operation.selectionSet;
  const fields = new Map<string, FieldNode[]>();
  for (const selection of selections) {
    // Which fields a client is charged for may depend on variables.
    if (selection.kind !== Kind.FIELD || selection.directives?.length) return undefined;
    const name = (selection.alias ?? selection.name).value;
    if (selection.name.value !== '__typename') fields.set(name, [...(fields.get(name) ?? []), selection]);
  }
  const costs = [...fields.values()].map((nodes) => chargeOf(schema, operation, nodes, known));
  const charges = {
    requests: fields.size,
    cost: costs.reduce((sum, cost) => sum + cost, 0),
    'address-cost': chargeOf(schema, operation, selections, known),
  };
  return { field: fieldOf(operation), charges };
}

async function send(answer: Answer, { headers, method }: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { etag, mediaType } = answer;
  reply.type(mediaType);
  if (method !== 'GET') reply.header('cache-control', 'no-store');
  else {
    allowCaching(answer, reply);
    if (headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) return reply.code(304).send();
  }
  return reply.send(await compressedOnce(answer, headers['accept-encoding'], reply));
}

/** A cache must not repeat one client's quota to others. */
function allowCaching({ etag }: Answer, reply: FastifyReply): void {
  reply.headers({ etag, 'cache-control': CACHE_CONTROL });
  addVary(reply, VARY);
  reply.removeHeader('ratelimit');
  reply.removeHeader('ratelimit-policy');
}
