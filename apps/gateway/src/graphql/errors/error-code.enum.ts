import { ERROR_CODES, type ErrorCode } from '@app/contracts';
import { registerEnumType } from '@nestjs/graphql';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

/** The table of error codes as a type of the schema, for people and code generators; no field has this type. */
export const ErrorCodeEnum = Object.fromEntries(codes.map((code) => [code, code]));

registerEnumType(ErrorCodeEnum, {
  name: 'ErrorCode',
  description: 'The values of `extensions.code` of an error.',
  valuesMap: Object.fromEntries(codes.map((code) => [code, { description: ERROR_CODES[code] }])),
});
