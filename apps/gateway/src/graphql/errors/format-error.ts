import { unwrapResolverError } from '@apollo/server/errors';
import { AppError, type ErrorCode, isErrorCode } from '@app/contracts';
import { currentTraceId } from '@app/telemetry';
import { Logger } from '@nestjs/common';
import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import { pathOfLiteral } from './literal-error.js';
import { parseLimitFault } from '../limits/operation-limits.js';

const logger = new Logger('GraphQL');

const LONGEST_MESSAGE = 500;

/**
 * What a caller gets to see of an error: a code of the table, its message and its details. What is nobody's business but ours
 * becomes INTERNAL_SERVER_ERROR here, and is logged.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { locations, path } = formatted;
  const { code, message, details } = faultOf(formatted, error);
  if (code === 'INTERNAL_SERVER_ERROR')
    logger.error(`${path?.join('.') ?? 'An operation'} failed: ${stackOf(unwrapResolverError(error))}`);
  const extensions = { ...details, code, traceId: currentTraceId() };
  return { message, extensions, ...(locations && { locations }), ...(path && { path }) };
}

/** The code that a caller gets to see of an error. */
export const codeOf = (error: GraphQLError): ErrorCode => faultOf(error.toJSON(), error).code;

const faultOf = (formatted: GraphQLFormattedError, error: unknown): AppError =>
  (error instanceof GraphQLError && !error.path && faultOfTheOperation(formatted, error)) || faultOfAResolver(error);

/** What GraphQL or HTTP has against the operation or its variables; undefined where it is our own fault. */
function faultOfTheOperation({ message }: GraphQLFormattedError, error: GraphQLError): AppError | undefined {
  if (error.originalError instanceof AppError) return error.originalError;
  const code = codeOfTheOperation(error);
  if (!code) return undefined;
  const path = pathOfLiteral(error);
  return parseLimitFault(error) ?? new AppError(code, shortened(path ? `${path}: ${message}` : message));
}

function codeOfTheOperation({ extensions, message, nodes }: GraphQLError): ErrorCode | undefined {
  const { code, http } = extensions as { code?: unknown; http?: { status?: number } };
  if (isErrorCode(code) && code !== 'INTERNAL_SERVER_ERROR') return code;
  if (http?.status === 400) return 'BAD_REQUEST';
  const isAboutVariables =
    nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION || message.startsWith('Too many errors processing variables');
  return isAboutVariables ? 'BAD_USER_INPUT' : undefined;
}

/** GraphQL repeats whatever was sent, in the middle: what is said about it comes first and last. */
const shortened = (message: string) =>
  message.length <= LONGEST_MESSAGE
    ? message
    : `${message.slice(0, LONGEST_MESSAGE / 2)} … ${message.slice(-LONGEST_MESSAGE / 2)}`;

function faultOfAResolver(error: unknown): AppError {
  const cause = unwrapResolverError(error);
  return isArgumentFault(cause) ? new AppError('BAD_USER_INPUT', cause.message) : AppError.from(cause);
}

/** A null that a variable brings where none may be comes to light only when the field is resolved. */
function isArgumentFault(cause: unknown): cause is GraphQLError {
  return cause instanceof GraphQLError && cause.message.startsWith('Argument "');
}

const stackOf = (cause: unknown) => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
