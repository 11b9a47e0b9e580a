import { AppError, type ValidToken } from '@app/contracts';
import { addToScope } from '@app/telemetry';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { GqlExecutionContext, type GqlContextType } from '@nestjs/graphql';
import { AuthGuard } from '@nestjs/passport';
import { accessOf } from './access.js';
import { BearerStrategy, unauthenticated } from './bearer.strategy.js';

/** The part of a request that authentication needs. `user` is set if the request carries a valid token. */
export interface AuthenticatedRequest {
  readonly headers: { readonly authorization?: string };
  user?: ValidToken;
}

export const requestOf = (context: ExecutionContext): AuthenticatedRequest =>
  GqlExecutionContext.create(context).getContext<{ req: AuthenticatedRequest }>().req;

/** Guards every query, mutation and subscription. An operation without an access decorator is closed to everyone. */
@Injectable()
export class AccessGuard extends AuthGuard() {
  constructor(strategy: BearerStrategy) {
    super({ defaultStrategy: strategy.name });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    // Health and metrics are public, and messages come from the other services.
    if (context.getType<GqlContextType>() !== 'graphql') return true;
    const access = accessOf(context.getHandler());
    if (!access) throw new AppError('FORBIDDEN', 'This operation is not open to anyone');
    const request = requestOf(context);
    if (request.headers.authorization) await super.canActivate(context);
    else if (access.signedIn)
      return unauthenticated('An access token is required: send `Authorization: Bearer <token>`');
    addToScope({ userId: request.user?.userId });
    if (access.roles && !(request.user && access.roles.includes(request.user.role)))
      throw new AppError('FORBIDDEN', `Only for the role ${access.roles.join(' or ')}`);
    return true;
  }

  override getRequest(context: ExecutionContext) {
    return requestOf(context);
  }

  override handleRequest<T>(error: unknown, user: T | false | null): T {
    if (error) throw error;
    return user || unauthenticated('The Authorization header is not `Bearer <token>`');
  }
}
