import { registerEnumType } from '@nestjs/graphql';
import { IsEnum } from 'class-validator';
import { IsId } from './validation.js';

export enum Role {
  CUSTOMER = 'CUSTOMER',
  ADMIN = 'ADMIN',
}
registerEnumType(Role, { name: 'Role' });

/** Whom a request is made for, as the user service has vouched for them. */
export class Caller {
  @IsId() userId: string;
  @IsEnum(Role) role: Role;
}

export const isAdmin = (caller: Caller) => caller.role === Role.ADMIN;

/** The rule behind everything private: one's own, or an admin's business. */
export const mayActFor = (caller: Caller, userId: string) => caller.userId === userId || isAdmin(caller);
