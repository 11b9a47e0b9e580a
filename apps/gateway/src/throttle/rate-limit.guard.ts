import type { Caller } from '@app/contracts';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { GqlExecutionContext, type GqlContextType } from '@nestjs/graphql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLResolveInfo } from 'graphql';
import { chargeOf } from './operation-charge.js';
import { type Charge, clientOf, RateLimits } from './rate-limits.js';

/** Operations that guess passwords or tokens, or hash passwords; counted by address, for all users there. */
const LOGINS = new Set(['registerUser', 'loginUser', 'refreshTokens', 'changePassword']);

interface Operation {
  readonly req: Pick<FastifyRequest, 'ip'> & { readonly user?: Caller };
  /** Undefined for an operation over WebSocket. */
  readonly reply?: FastifyReply;
}

/**
 * Counts each root field of an operation (every alias), and its cost, for the client: the user, or else the address. Runs after
 * the guard that authenticates the user.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limits: RateLimits) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType<GqlContextType>() !== 'graphql') return true;
    const graphql = GqlExecutionContext.create(context);
    const { req, reply } = graphql.getContext<Operation>();
    const info = graphql.getInfo<GraphQLResolveInfo>();
    const address = clientOf(req.ip);
    const client = req.user?.userId ?? address;
    const charges: Charge[] = [
      { limit: 'requests', client, amount: 1 },
      { limit: 'cost', client, amount: chargeOf(info.schema, info.operation, info.fieldNodes, info) },
    ];
    if (LOGINS.has(info.fieldName)) charges.push({ limit: 'logins', client: address, amount: 1 });
    await this.limits.charge(charges, reply);
    return true;
  }
}
