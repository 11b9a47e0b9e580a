import { applyDecorators, type Type } from '@nestjs/common';
import { Transform, Type as TypeOf } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  isEmail,
  IsInt,
  IsNumber,
  IsObject,
  IsString,
  IsUUID,
  isUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  NotEquals,
  ValidateNested,
  ValidateBy,
} from 'class-validator';
import { fromCents, toCents } from './money.js';
import { canonicalEmail, isStreamSafe, isVisible, normalizedPassword, readableText } from './text.js';

/** The maximum of a product's stock plus its reserved units, so that released units always fit into 32 bits. */
export const MAX_STOCK = 1_000_000_000;
/** The maximum quantity of one product in one order. */
export const MAX_QUANTITY = 1_000_000;
/** The maximum total of one order. With two decimals it has 15 digits, which a Float represents exactly. */
export const MAX_TOTAL = 10_000_000_000_000;

/**
 * Text of `min` to `max` characters from a client. A character takes at most four bytes, also in JSON: control characters other
 * than newlines and tabs are rejected.
 */
export const IsText = (min: number, max: number) =>
  applyDecorators(
    IsLenientText(min, max),
    Matches(/^(?:[\n\t]|\P{Control})*$/u, { message: '$property must not contain control characters' }),
  );

/** Text that earlier releases accepted: stored rows, their events, and existing passwords. */
export const IsLenientText = (min: number, max: number) =>
  applyDecorators(
    IsString(),
    HasCharacters(min, max),
    Matches(/^[^\0\p{Surrogate}]*$/u, { message: '$property must be Unicode text without null characters' }),
  );

/** Counts code points, as PostgreSQL does. `@Length` counts an emoji and its variation selector as one. */
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

/** The value of a text field is replaced before it is validated. Other values stay as they are. */
const Replaced = (replace: (text: string) => string) =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? replace(value) : value));

/** Text that people read, stored as `readableText`. */
export const IsReadableText = (min: number, max: number) =>
  applyDecorators(
    Replaced(readableText),
    IsText(min, max),
    ValidateBy({
      name: 'isStreamSafe',
      validator: {
        validate: (value) => typeof value !== 'string' || isStreamSafe(value),
        defaultMessage: () => '$property must not contain more than 30 combining marks in a row',
      },
    }),
  );

/** A name or a part of an address: readable text that is not blank. If `min` is 0, an empty text is valid. */
export const IsName = (min: number, max: number) =>
  applyDecorators(
    IsReadableText(min, max),
    ValidateBy({
      name: 'isVisible',
      validator: {
        validate: (value) => typeof value !== 'string' || value === '' || isVisible(value),
        defaultMessage: () => '$property must contain a visible character',
      },
    }),
  );

/** A password that a user chooses. Its length is that of the normalized form, which is hashed. */
export const IsNewPassword = () => applyDecorators(Replaced(normalizedPassword), IsText(8, 128));

/** An e-mail address as it was typed, in lowercase. Two addresses are the same if their `canonicalEmail` is equal. */
export const IsEmailAddress = () =>
  applyDecorators(
    Replaced((email) => email.trim().toLowerCase()),
    ValidateBy({
      name: 'isEmail',
      validator: {
        validate: (value) => typeof value === 'string' && isAddress(canonicalEmail(value)),
        defaultMessage: () => '$property must be an email',
      },
    }),
    MaxLength(MAX_EMAIL),
  );

/** Whether text has the form of an id. */
export const isId = (text: unknown): text is string => isUUID(text, 'all');

const MAX_EMAIL = 254;
/** `isEmail` throws a URIError for text that is not Unicode. */
const isAddress = (canonical: string) =>
  canonical.length <= MAX_EMAIL && !/\p{Surrogate}/u.test(canonical) && isEmail(canonical);

/** Ids are compared as text, so they are lowercase everywhere. */
const Lowercase = () =>
  Transform(({ value }: { value: unknown }) => {
    const lowercase = (each: unknown) => (typeof each === 'string' ? each.toLowerCase() : each);
    return Array.isArray(value) ? value.map(lowercase) : lowercase(value);
  });

export const IsId = () => applyDecorators(Lowercase(), IsUUID('all', { message: '$property must be an id' }));

/** The maximum length of an id that a client sends. Those of this project have 36 characters. */
const MAX_ID = 255;

/** An id from a client, to whom ids are opaque: one of another form is an id that does not exist. Check `isId` before a lookup. */
export const IsOpaqueId = () => applyDecorators(Lowercase(), IsText(0, MAX_ID));

/** An id in a filter. One of another form matches no rows, like this one. */
const NIL_ID = '00000000-0000-0000-0000-000000000000';
export const IsIdFilter = () =>
  applyDecorators(
    Replaced((id) => (isId(id) ? id.toLowerCase() : NIL_ID)),
    IsUUID('all'),
  );

export const IsIdList = (max: number) =>
  applyDecorators(
    Lowercase(),
    IsArray(),
    ArrayMaxSize(max),
    IsUUID('all', { each: true, message: 'each of $property must be an id' }),
  );

/** An amount of money: at least 0, with at most two decimals. The product service limits it to its setting MAX_PRICE. */
export const IsPrice = () =>
  applyDecorators(
    // `maxDecimalPlaces` of IsNumber throws for numbers that JavaScript writes with an exponent, such as 1e-7.
    IsNumber({ allowNaN: false, allowInfinity: false }, { message: '$property must be a number' }),
    ValidateBy({
      name: 'isWholeCents',
      validator: {
        validate: (value) => typeof value === 'number' && fromCents(toCents(value)) === value,
        defaultMessage: () => '$property must have at most two decimals',
      },
    }),
    Min(0),
  );

/** A price in a filter. */
export const IsPriceBound = () => applyDecorators(IsPrice(), Max(MAX_TOTAL));

/**
 * An amount that a client expects, at least 0. It is compared in whole cents, so it may have the rounding errors of a sum of
 * Floats.
 */
export const IsExpectedAmount = () =>
  applyDecorators(
    IsNumber({ allowNaN: false, allowInfinity: false }, { message: '$property must be a number' }),
    Min(0),
    Max(MAX_TOTAL),
  );

export const IsStock = () => applyDecorators(IsInt(), Min(0), Max(MAX_STOCK));

/** A change of the stock: a number of units to add, or to remove if it is negative. */
export const IsStockDelta = () =>
  applyDecorators(IsInt(), Min(-MAX_STOCK), Max(MAX_STOCK), NotEquals(0, { message: '$property must not be 0' }));

export const IsQuantity = () => applyDecorators(IsInt(), Min(1), Max(MAX_QUANTITY));

export const IsNested = (type: () => Type) => applyDecorators(IsObject(), ValidateNested(), TypeOf(type));

export const IsListOf = (type: () => Type, min: number, max: number) =>
  applyDecorators(IsArray(), ArrayMinSize(min), ArrayMaxSize(max), ValidateNested({ each: true }), TypeOf(type));
