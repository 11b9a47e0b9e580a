import { AppError, type Caller, type ValidToken } from '@app/contracts';
import type { ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';

/** The part of a request that authentication needs. The guard sets the rest. */
export interface AuthenticatedRequest {
  readonly headers: { readonly authorization?: string };
  /** The caller, if the request carries a valid token. */
  user?: ValidToken;
  /** Why the token is ignored: UNAUTHENTICATED if it is not valid, any other code if it cannot be checked now. */
  ignoredToken?: AppError;
}

export const requestOf = (context: ExecutionContext): AuthenticatedRequest =>
  GqlExecutionContext.create(context).getContext<{ req: AuthenticatedRequest }>().req;

/**
 * The caller of a public operation, for a field whose value depends on the caller.
 * @throws AppError if the token cannot be checked now: the owner must not get the value for strangers.
 */
export function callerOf({ user, ignoredToken }: AuthenticatedRequest): Caller | undefined {
  if (ignoredToken && ignoredToken.code !== 'UNAUTHENTICATED') throw ignoredToken;
  return user && { userId: user.userId, role: user.role };
}
