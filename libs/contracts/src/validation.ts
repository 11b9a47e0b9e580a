import { applyDecorators, type Type } from '@nestjs/common';
import { plainToInstance, Type as TypeOf } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsNumber,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
  validateSync,
  type ValidationError,
} from 'class-validator';
import { AppError } from './errors.js';

export const MAX_INT32 = 2 ** 31 - 1;
/** The most that one unit may cost. */
export const MAX_PRICE = 10_000_000;
/** The most units of one product in one order. */
export const MAX_QUANTITY = 1_000_000;

/** Text of `min` to `max` characters; PostgreSQL cannot store the null character. */
export const IsText = (min: number, max: number) =>
  applyDecorators(
    IsString(),
    Length(min, max),
    // oxlint-disable-next-line no-control-regex
    Matches(/^[^\u0000]*$/, { message: '$property must not contain null characters' }),
  );

export const IsId = () => IsUUID('all', { message: '$property must be an id' });

export const IsIdList = (max: number) =>
  applyDecorators(IsArray(), ArrayMaxSize(max), IsUUID('all', { each: true, message: 'each of $property must be an id' }));

/** An amount of money: 0 or more, at most two decimals. */
export const IsPrice = () =>
  applyDecorators(IsNumber({ maxDecimalPlaces: 2, allowNaN: false, allowInfinity: false }), Min(0), Max(MAX_PRICE));

export const IsStock = () => applyDecorators(IsInt(), Min(0), Max(MAX_INT32));

export const IsQuantity = () => applyDecorators(IsInt(), Min(1), Max(MAX_QUANTITY));

export const IsNested = (type: () => Type) => applyDecorators(ValidateNested(), TypeOf(type));

export const IsListOf = (type: () => Type, min: number, max: number) =>
  applyDecorators(IsArray(), ArrayMinSize(min), ArrayMaxSize(max), ValidateNested({ each: true }), TypeOf(type));

/**
 * Checks data against a payload class and returns an instance of it.
 * @throws AppError BAD_USER_INPUT whose `fields` maps each faulty path (`items.0.quantity`) to the rules it breaks.
 */
export function validated<T extends object>(type: Type<T>, data: unknown): T {
  const instance = plainToInstance(type, data ?? {});
  const faults = validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  if (faults.length) throw badUserInput(faults);
  return instance;
}

export function badUserInput(faults: ValidationError[]): AppError {
  const fields = Object.fromEntries(faults.flatMap((fault) => rulesBroken(fault, '')));
  return new AppError('BAD_USER_INPUT', Object.values(fields).flat().join('; '), { fields });
}

function rulesBroken(fault: ValidationError, parent: string): [string, string[]][] {
  const path = parent + fault.property;
  const own = fault.constraints ? [[path, Object.values(fault.constraints)] as [string, string[]]] : [];
  return [...own, ...(fault.children ?? []).flatMap((child) => rulesBroken(child, `${path}.`))];
}
