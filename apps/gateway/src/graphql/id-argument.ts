import { AppError } from '@app/contracts';
import { Injectable, type PipeTransform } from '@nestjs/common';
import { Args, ID } from '@nestjs/graphql';
import { isUUID } from 'class-validator';

/** The argument `id: ID!`. */
export const IdArgument = () => Args('id', { type: () => ID }, IdPipe);

@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (!isUUID(id, 'all'))
      throw new AppError('BAD_USER_INPUT', 'id must be an id', { fields: { id: ['id must be an id'] } });
    // Services return lowercase ids, and replies are matched by them.
    return id.toLowerCase();
  }
}
