import { AppError } from '@app/contracts';
import { isUnavailable } from './database/sqlstate.js';

/** Errors of sockets and of pg when a database is unreachable. */
const SOCKET_CODES = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const CONNECTION_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|timeout expired|is not queryable/i;

/** Converts any error of a handler to the error that the caller sees. */
export function toAppError(error: unknown): AppError {
  if (!(error instanceof AppError) && isStoreUnavailable(error)) {
    return new AppError('SERVICE_UNAVAILABLE', 'The data store of this service is unavailable; try again later');
  }
  return AppError.from(error);
}

function isStoreUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return isUnavailable(code) || SOCKET_CODES.test(code) || CONNECTION_MESSAGES.test(error.message);
}
