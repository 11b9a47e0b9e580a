import { type AppError, isId } from '@app/contracts';
import type { PipeTransform } from '@nestjs/common';
import { Args, ID } from '@nestjs/graphql';

/**
 * The argument `id: ID!`, or one of another name. Ids are opaque to clients, so an id of another form is unknown, not invalid.
 * @param notFound the error for such an id. Without it, the operation gets the id: a loader finds nothing for it.
 */
export const IdArgument = (notFound?: (id: string) => AppError, name = 'id') =>
  Args(name, { type: () => ID, description: 'An id that the API has returned.' }, new IdPipe(notFound));

class IdPipe implements PipeTransform<string, string> {
  constructor(private readonly notFound: ((id: string) => AppError) | undefined) {}

  transform(id: string): string {
    if (this.notFound && !isId(id)) throw this.notFound(id);
    // Services return lowercase ids, and replies are matched by them.
    return id.toLowerCase();
  }
}
