import { registerEnumType } from '@nestjs/graphql';
import { IsEnum } from 'class-validator';
import { IsId } from './validation.js';

export enum Role {
  CUSTOMER = 'CUSTOMER',
  ADMIN = 'ADMIN',
}
registerEnumType(Role, {
  name: 'Role',
  description: 'What a user may do.',
  valuesMap: {
    CUSTOMER: { description: 'Buys, and sells own products.' },
    ADMIN: { description: 'May also act for every other user. Made by a command, never by the API.' },
  },
});

/** The authenticated user that a request is made for. */
export class Caller {
  @IsId() userId: string;
  @IsEnum(Role) role: Role;
}

export const isAdmin = (caller: Caller) => caller.role === Role.ADMIN;

/** Private data belongs to its user. Admins may act for everyone. */
export const mayActFor = (caller: Caller, userId: string) => caller.userId === userId || isAdmin(caller);
