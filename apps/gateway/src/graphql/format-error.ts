import { unwrapResolverError } from '@apollo/server/errors';
import { AppError } from '@app/contracts';
import { currentTraceparent } from '@app/messaging';
import { Logger } from '@nestjs/common';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { pathOfLiteral } from './literal-fault.js';

const logger = new Logger('GraphQL');

/**
 * What a caller gets to see of an error: its code, its message and its details. What is nobody's business but ours becomes
 * INTERNAL_SERVER_ERROR here, and is logged.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { locations, path } = formatted;
  const seen = isAboutTheOperation(error) ? faultOfTheOperation(formatted, error) : faultOfAResolver(formatted, error);
  const extensions = { ...seen.extensions, traceId: currentTraceparent()?.split('-')[1] };
  return { message: seen.message, extensions, ...(locations && { locations }), ...(path && { path }) };
}

type Seen = Pick<GraphQLFormattedError, 'message' | 'extensions'>;

/** GraphQL itself refused the operation or its variables, and said why. */
function isAboutTheOperation(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && !error.path && error.extensions.code !== 'INTERNAL_SERVER_ERROR';
}

function faultOfTheOperation(formatted: GraphQLFormattedError, error: GraphQLError): Seen {
  const path = pathOfLiteral(error);
  return {
    message: path ? `${path}: ${formatted.message}` : formatted.message,
    extensions: { code: formatted.extensions?.code },
  };
}

function faultOfAResolver(formatted: GraphQLFormattedError, error: unknown): Seen {
  const cause = unwrapResolverError(error);
  const { code, message, details } = isArgumentFault(cause)
    ? new AppError('BAD_USER_INPUT', cause.message)
    : AppError.from(cause);
  if (code === 'INTERNAL_SERVER_ERROR')
    logger.error(`${formatted.path?.join('.') ?? 'An operation'} failed: ${stackOf(cause)}`);
  return { message, extensions: { ...details, code } };
}

/** A null that a variable brings where none may be comes to light only when the field is resolved. */
function isArgumentFault(cause: unknown): cause is GraphQLError {
  return cause instanceof GraphQLError && cause.message.startsWith('Argument "');
}

const stackOf = (cause: unknown) => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
