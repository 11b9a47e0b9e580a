import { AppError, type ValidToken } from '@app/contracts';
import { addToScope } from '@app/telemetry';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { GqlExecutionContext, type GqlContextType } from '@nestjs/graphql';
import { AuthGuard } from '@nestjs/passport';
import { accessOf } from './access.js';
import { BearerStrategy, unauthenticated } from './bearer.strategy.js';

/** As much of a request as authentication needs; `user` is set where a valid token came with it. */
export interface AuthenticatedRequest {
  readonly headers: { readonly authorization?: string };
  user?: ValidToken;
}

export const requestOf = (context: ExecutionContext): AuthenticatedRequest =>
  GqlExecutionContext.create(context).getContext<{ req: AuthenticatedRequest }>().req;

/** Stands before every query, mutation and subscription, and lets nobody through to one that does not say who may. */
@Injectable()
export class AccessGuard extends AuthGuard() {
  constructor(strategy: BearerStrategy) {
    super({ defaultStrategy: strategy.name });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    // Health and metrics are open, and messages come from our own services.
    if (context.getType<GqlContextType>() !== 'graphql') return true;
    const access = accessOf(context.getHandler());
    if (!access) throw new AppError('FORBIDDEN', 'This operation does not say who may call it, so nobody may');
    const request = requestOf(context);
    if (request.headers.authorization) await super.canActivate(context);
    else if (access.signedIn)
      return unauthenticated('This needs an access token: send `Authorization: Bearer <token>`');
    addToScope({ userId: request.user?.userId });
    if (access.roles && !(request.user && access.roles.includes(request.user.role)))
      throw new AppError('FORBIDDEN', `This is for ${access.roles.join(' and ')} only`);
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
