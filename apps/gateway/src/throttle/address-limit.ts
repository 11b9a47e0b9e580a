import type { IncomingMessage } from 'node:http';
import { AppError } from '@app/contracts';
import proxyAddr from '@fastify/proxy-addr';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { GatewayConfig } from '../config.js';
import { formatError } from '../graphql/errors/format-error.js';
import { mediaTypeFor } from '../http/media-type.js';
import { normalizeForwardedFor } from './forwarded-for.js';
import { type Charge, clientOf, RateLimits } from './rate-limits.js';

const API = '/graphql';
/** A body counts as one request for each part of this size. */
const PART_BYTES = 64 * 1024;
/** The parts of the largest body; also charged for a body of unknown length. */
const MAX_PARTS = 4;

/** Counts every request by its client address, before its body is read and its token is checked. */
@Injectable()
export class AddressLimit implements OnModuleInit {
  private readonly trust: ((address: string, hop: number) => boolean) | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    { http: { trustProxy } }: GatewayConfig,
    private readonly limits: RateLimits,
  ) {
    this.trust = Array.isArray(trustProxy) ? proxyAddr.compile(trustProxy) : undefined;
  }

  /** Adds its hook after those that set the headers of every response. */
  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    fastify.after(() => fastify.addHook('onRequest', (request, reply) => this.count(request, reply)));
  }

  /** The client address of a request that does not pass through Fastify, by the same rules. */
  addressOf(request: IncomingMessage): string {
    if (!this.trust) return clientOf(request.socket.remoteAddress);
    normalizeForwardedFor(request);
    return clientOf(proxyAddr(request, this.trust));
  }

  private async count(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    // Before anything reads `request.ip`.
    if (this.trust) normalizeForwardedFor(request.raw);
    const { url } = request.routeOptions;
    // Health and metrics are not limited; unknown paths are.
    if (url !== undefined && url !== API) return;
    const client = clientOf(request.ip);
    try {
      // Invalid documents are charged after they are read; a client over the limit is refused before.
      this.limits.assertWithin({ limit: 'address-cost', client });
      await this.limits.charge([requestFrom(client, partsOf(request.headers))], reply);
    } catch (error) {
      // The rest of the body is not read.
      this.refuse(error as AppError, request, reply.header('connection', 'close'));
    }
  }

  /** Answers a request that exceeds a limit. */
  refuse(error: AppError, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
    const refusal = new GraphQLError(error.message, { originalError: error });
    return reply
      .code(429)
      .header('retry-after', String(error.details?.retryAfter))
      .type(mediaTypeFor(headers.accept))
      .send({ errors: [formatError(refusal.toJSON(), refusal)] });
  }
}

export const requestFrom = (client: string, amount = 1): Charge => ({ limit: 'address-requests', client, amount });

function partsOf(headers: IncomingMessage['headers']): number {
  if (headers['transfer-encoding'] !== undefined) return MAX_PARTS;
  return Math.min(MAX_PARTS, 1 + Math.floor((Number(headers['content-length']) || 0) / PART_BYTES));
}
