import { applyDecorators, type Type } from '@nestjs/common';
import { Transform, Type as TypeOf } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsNumber,
  IsObject,
  IsString,
  IsUUID,
  Matches,
  Max,
  Min,
  ValidateNested,
  ValidateBy,
} from 'class-validator';
import { fromCents, toCents } from './money.js';

/** The most units that a product may have in stock and in reservations together, so that what comes back to it fits 32 bits. */
export const MAX_STOCK = 1_000_000_000;
/** The most that one unit may cost. */
export const MAX_PRICE = 10_000_000;
/** The most units of one product in one order. */
export const MAX_QUANTITY = 1_000_000;
/** The most that one order may come to. With its two decimals, that is 15 digits: as many as every Float keeps exactly. */
export const MAX_TOTAL = MAX_PRICE * MAX_QUANTITY;

/**
 * Text of `min` to `max` characters that a client sends: at most four bytes each, also as JSON writes it, since control
 * characters other than newlines and tabs are refused.
 */
export const IsText = (min: number, max: number) =>
  applyDecorators(
    IsLenientText(min, max),
    Matches(/^(?:[\n\t]|\P{Control})*$/u, { message: '$property must not contain control characters' }),
  );

/** Text that earlier releases accepted: stored rows, events about them, and passwords that are in use. */
export const IsLenientText = (min: number, max: number) =>
  applyDecorators(
    IsString(),
    HasCharacters(min, max),
    Matches(/^[^\0\p{Surrogate}]*$/u, { message: '$property must be Unicode text without null characters' }),
  );

/** Code points, as PostgreSQL counts; the validator of the same purpose counts an emoji and its variation selector as one. */
const HasCharacters = (min: number, max: number) =>
  ValidateBy({
    name: 'hasCharacters',
    validator: {
      validate: (value) => typeof value === 'string' && isBetween(min, codePointsOf(value), max),
      defaultMessage: () => `$property must have ${min} to ${max} characters`,
    },
  });

const codePointsOf = (text: string) => text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
const isBetween = (min: number, value: number, max: number) => min <= value && value <= max;

/** Ids are compared as text, hence in small letters throughout. */
const SmallLetters = () =>
  Transform(({ value }: { value: unknown }) => {
    const small = (each: unknown) => (typeof each === 'string' ? each.toLowerCase() : each);
    return Array.isArray(value) ? value.map(small) : small(value);
  });

export const IsId = () => applyDecorators(SmallLetters(), IsUUID('all', { message: '$property must be an id' }));

export const IsIdList = (max: number) =>
  applyDecorators(
    SmallLetters(),
    IsArray(),
    ArrayMaxSize(max),
    IsUUID('all', { each: true, message: 'each of $property must be an id' }),
  );

/** An amount of money: 0 or more, at most two decimals. */
export const IsPrice = () =>
  applyDecorators(
    // Its own `maxDecimalPlaces` throws for what JavaScript writes with an exponent, as 1e-7.
    IsNumber({ allowNaN: false, allowInfinity: false }, { message: '$property must be a number' }),
    ValidateBy({
      name: 'isWholeCents',
      validator: {
        validate: (value) => typeof value === 'number' && fromCents(toCents(value)) === value,
        defaultMessage: () => '$property must have at most two decimals',
      },
    }),
    Min(0),
    Max(MAX_PRICE),
  );

export const IsStock = () => applyDecorators(IsInt(), Min(0), Max(MAX_STOCK));

export const IsQuantity = () => applyDecorators(IsInt(), Min(1), Max(MAX_QUANTITY));

export const IsNested = (type: () => Type) => applyDecorators(IsObject(), ValidateNested(), TypeOf(type));

export const IsListOf = (type: () => Type, min: number, max: number) =>
  applyDecorators(IsArray(), ArrayMinSize(min), ArrayMaxSize(max), ValidateNested({ each: true }), TypeOf(type));
