import { ERROR_CODES, type ErrorCode } from '@app/contracts';
import { registerEnumType } from '@nestjs/graphql';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

/** The table of codes as a type of the schema, for people and for tools that make code from it; no field is of it. */
export const ErrorCodeEnum = Object.fromEntries(codes.map((code) => [code, code]));

registerEnumType(ErrorCodeEnum, {
  name: 'ErrorCode',
  description: 'What `extensions.code` of an error may be.',
  valuesMap: Object.fromEntries(codes.map((code) => [code, { description: ERROR_CODES[code] }])),
});
