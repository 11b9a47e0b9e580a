import { unwrapResolverError } from '@apollo/server/errors';
import { AppError, type ErrorCode, isErrorCode } from '@app/contracts';
import { currentTraceId } from '@app/telemetry';
import { Logger } from '@nestjs/common';
import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import { pathOfLiteral } from './literal-path.js';
import { tokenLimitError } from '../limits/operation-limits.js';

const logger = new Logger('GraphQL');

const MAX_MESSAGE_LENGTH = 500;

/**
 * The error that a client sees: a code of the table, its message and its details. An unexpected error becomes
 * INTERNAL_SERVER_ERROR and is logged.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { locations, path } = formatted;
  const { code, message, details } = appErrorOf(formatted, error);
  if (code === 'INTERNAL_SERVER_ERROR')
    logger.error(`${path?.join('.') ?? 'An operation'} failed: ${stackOf(unwrapResolverError(error))}`);
  const extensions = { ...details, code, traceId: currentTraceId() };
  return { message, extensions, ...(locations && { locations }), ...(path && { path }) };
}

/** The code that a client sees. */
export const codeOf = (error: GraphQLError): ErrorCode => appErrorOf(error.toJSON(), error).code;

const appErrorOf = (formatted: GraphQLFormattedError, error: unknown): AppError =>
  (error instanceof GraphQLError && !error.path && operationError(formatted, error)) || resolverError(error);

/** An error in the client's operation or variables; undefined for an internal error. */
function operationError({ message }: GraphQLFormattedError, error: GraphQLError): AppError | undefined {
  if (error.originalError instanceof AppError) return error.originalError;
  const code = operationErrorCode(error);
  if (!code) return undefined;
  const path = pathOfLiteral(error);
  return tokenLimitError(error) ?? new AppError(code, shortened(path ? `${path}: ${message}` : message));
}

function operationErrorCode({ extensions, message, nodes }: GraphQLError): ErrorCode | undefined {
  const { code, http } = extensions as { code?: unknown; http?: { status?: number } };
  if (isErrorCode(code) && code !== 'INTERNAL_SERVER_ERROR') return code;
  if (http?.status === 400) return 'BAD_REQUEST';
  const isAboutVariables =
    nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION || message.startsWith('Too many errors processing variables');
  return isAboutVariables ? 'BAD_USER_INPUT' : undefined;
}

/** GraphQL repeats the client's value in the middle of a message; the start and the end say what is wrong. */
const shortened = (message: string) =>
  message.length <= MAX_MESSAGE_LENGTH
    ? message
    : `${message.slice(0, MAX_MESSAGE_LENGTH / 2)} … ${message.slice(-MAX_MESSAGE_LENGTH / 2)}`;

function resolverError(error: unknown): AppError {
  const cause = unwrapResolverError(error);
  return isArgumentError(cause) ? new AppError('BAD_USER_INPUT', cause.message) : AppError.from(cause);
}

/** GraphQL finds a variable that is null for a non-null argument only when it resolves the field. */
function isArgumentError(cause: unknown): cause is GraphQLError {
  return cause instanceof GraphQLError && cause.message.startsWith('Argument "');
}

const stackOf = (cause: unknown) => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
