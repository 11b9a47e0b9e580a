import type { Caller } from '@app/contracts';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestOf } from './authenticated-request.js';

/** The `Caller`; undefined if the operation is `@Public()` and the request has no valid token. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): Caller | undefined => {
  const { user } = requestOf(context);
  return user && { userId: user.userId, role: user.role };
});

/** The id of the caller's session, for `@SignedIn()` operations. */
export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined => requestOf(context).user?.sessionId,
);
