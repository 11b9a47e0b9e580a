import { AppError } from '@app/contracts';
import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

/**
 * Validates data against a payload class and returns an instance of it.
 * @throws AppError BAD_USER_INPUT whose `fields` maps each invalid path (`items.0.quantity`) to the rules it breaks.
 */
export function validated<T extends object>(type: Type<T>, data: unknown): T {
  const given = data ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw new AppError('BAD_USER_INPUT', 'The input must be an object');
  const instance = plainToInstance(type, given) as T;
  // `Nothing` has no rules. The validator would report it as unknown; here it allows no properties.
  const errors = validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false });
  if (errors.length) throw badUserInput(errors);
  return instance;
}

export function badUserInput(errors: ValidationError[]): AppError {
  const fields = Object.fromEntries(errors.flatMap((error) => brokenRules(error, '')));
  return new AppError('BAD_USER_INPUT', Object.values(fields).flat().join('; '), { fields });
}

function brokenRules(error: ValidationError, parent: string): [string, string[]][] {
  const path = parent + error.property;
  const own = error.constraints ? [[path, Object.values(error.constraints)] as [string, string[]]] : [];
  return [...own, ...(error.children ?? []).flatMap((child) => brokenRules(child, `${path}.`))];
}
