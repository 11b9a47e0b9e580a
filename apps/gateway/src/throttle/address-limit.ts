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
import { type Charge, clientOf, RateLimits } from './rate-limits.js';

const API = '/graphql';
/** A body counts as one request for each part of this size, since reading it is the work. */
const PART_BYTES = 64 * 1024;
/** Charged for a body of unknown length: as many parts as the largest body has. */
const MAX_PARTS = 4;

/** Counts every request by the address that it comes from, before its body and its token are looked at. */
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

  /** After the hooks that every answer's headers come from. */
  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    fastify.after(() => fastify.addHook('onRequest', (request, reply) => this.count(request, reply)));
  }

  /** Where a request comes from that Fastify does not see, by the same rules. */
  addressOf(request: IncomingMessage): string {
    return clientOf(this.trust ? proxyAddr(request, this.trust) : request.socket.remoteAddress);
  }

  private async count(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { url } = request.routeOptions;
    // Health and metrics have nothing to do with it; what is nowhere has.
    if (url !== undefined && url !== API) return;
    const client = clientOf(request.ip);
    try {
      // What is not valid is charged for once it has been read: nothing more is read then.
      this.limits.assertWithin({ limit: 'address-cost', client });
      await this.limits.charge([requestFrom(client, partsOf(request.headers))], reply);
    } catch (error) {
      this.refuse(error as AppError, request, reply);
    }
  }

  private refuse(error: AppError, { headers }: FastifyRequest, reply: FastifyReply): void {
    const refusal = new GraphQLError(error.message, { originalError: error });
    reply
      .code(429)
      .header('retry-after', String(error.details?.retryAfter))
      // What the client still sends of it is not read.
      .header('connection', 'close')
      .type(mediaTypeFor(headers.accept))
      .send({ errors: [formatError(refusal.toJSON(), refusal)] });
  }
}

export const requestFrom = (client: string, amount = 1): Charge => ({ limit: 'address-requests', client, amount });

function partsOf(headers: IncomingMessage['headers']): number {
  if (headers['transfer-encoding'] !== undefined) return MAX_PARTS;
  return Math.min(MAX_PARTS, 1 + Math.floor((Number(headers['content-length']) || 0) / PART_BYTES));
}
