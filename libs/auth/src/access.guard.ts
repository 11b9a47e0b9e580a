import { AppError } from '@app/contracts';
import { addToScope } from '@app/telemetry';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { GqlContextType } from '@nestjs/graphql';
import { accessOf } from './access.js';
import { type AuthenticatedRequest, requestOf } from './authenticated-request.js';
import { BearerStrategy, unauthenticated } from './bearer.strategy.js';

/**
 * Guards every query, mutation and subscription. An operation without an access decorator is closed to everyone. A token that is
 * not valid does not close a public operation.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  /** The fields of an operation share one check, so that all of them have the same caller. */
  private readonly checks = new WeakMap<AuthenticatedRequest, Promise<void>>();

  constructor(private readonly bearer: BearerStrategy) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Health and metrics are public, and messages come from the other services.
    if (context.getType<GqlContextType>() !== 'graphql') return true;
    const access = accessOf(context.getHandler());
    if (!access) throw new AppError('FORBIDDEN', 'This operation is not open to anyone');
    const request = requestOf(context);
    await this.authenticate(request);
    const { user, ignoredToken } = request;
    addToScope({ userId: user?.userId });
    if (access.signedIn && ignoredToken) throw ignoredToken;
    if (access.signedIn && !user)
      return unauthenticated('An access token is required: send `Authorization: Bearer <token>`');
    if (access.roles && !(user && access.roles.includes(user.role)))
      throw new AppError('FORBIDDEN', `Only for the role ${access.roles.join(' or ')}`);
    return true;
  }

  private authenticate(request: AuthenticatedRequest): Promise<void> {
    const check = this.checks.get(request) ?? this.check(request);
    this.checks.set(request, check);
    return check;
  }

  private async check(request: AuthenticatedRequest): Promise<void> {
    const { authorization } = request.headers;
    if (!authorization) return;
    try {
      const session = await this.bearer.sessionOf(authorization);
      request.user = session ?? unauthenticated('The Authorization header is not `Bearer <token>`');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      request.ignoredToken = error;
    }
  }
}
