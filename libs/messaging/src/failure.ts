import { AppError } from '@app/contracts';

/** What sockets, pg and PostgreSQL itself say when a database cannot be reached, is going down or takes no more clients. */
const AWAY_CODES =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|57P0[123]|08\w{3}|53300)$/;
const AWAY_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|connection error and is not queryable/i;

/** What a caller may see of whatever a handler threw. */
export function toAppError(error: unknown): AppError {
  if (!(error instanceof AppError) && storeIsAway(error)) {
    return new AppError('SERVICE_UNAVAILABLE', 'What this service keeps its data in is away; try again later');
  }
  return AppError.from(error);
}

function storeIsAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return AWAY_CODES.test(code) || AWAY_MESSAGES.test(error.message);
}
