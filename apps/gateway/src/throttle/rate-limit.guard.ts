import type { Caller } from '@app/contracts';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { GqlExecutionContext, type GqlContextType } from '@nestjs/graphql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLResolveInfo } from 'graphql';
import { chargeOf } from './operation-charge.js';
import { type Charge, clientOf, RateLimits } from './rate-limits.js';

/** What guesses passwords and tokens, or makes the user service hash them; counted by address, whoever is signed in there. */
const LOGINS = new Set(['registerUser', 'loginUser', 'refreshTokens', 'changePassword']);

interface Operation {
  readonly req: Pick<FastifyRequest, 'ip'> & { readonly user?: Caller };
  /** There is none where the operation came over a WebSocket. */
  readonly reply?: FastifyReply;
}

/**
 * Counts each query, mutation and subscription of an operation, aliases one by one, and what it costs, for its caller: the
 * user, else the address. Runs after the guard that finds out who that is.
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
