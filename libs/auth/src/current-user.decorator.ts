import type { Caller } from '@app/contracts';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestOf } from './access.guard.js';

/** The `Caller`; undefined where an operation is `@Public()` and no token was sent. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): Caller | undefined => {
  const { user } = requestOf(context);
  return user && { userId: user.userId, role: user.role };
});

/** The id of the session that the caller is signed in with; for operations that are `@SignedIn()`. */
export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined => requestOf(context).user?.sessionId,
);
