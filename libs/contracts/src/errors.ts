/** Every code that a caller of the API can meet, with what it means. The only such table: edges map from it. */
export const ERROR_CODES = {
  BAD_USER_INPUT: 'The input breaks a rule; `fields` names each field and its rule.',
  UNAUTHENTICATED: 'No access token was given, or it is malformed, expired or of a session that has ended.',
  FORBIDDEN: 'The caller is known but may not do this.',
  INVALID_CREDENTIALS: 'The e-mail and the password do not belong together.',
  EMAIL_TAKEN: 'Another user has registered with this e-mail.',
  USER_NOT_FOUND: 'There is no such user.',
  PRODUCT_NOT_FOUND: 'There is no such product, or it has been deleted; `productIds` names them.',
  ORDER_NOT_FOUND: 'There is no such order, or it is not for the caller to see.',
  INSUFFICIENT_STOCK: 'Fewer units are left than were asked for; `shortages` tells how many are.',
  ORDER_STATUS_CONFLICT: 'The order cannot go to that status from the one it has; `status` tells which it has.',
  SERVICE_UNAVAILABLE: 'A service that is needed for this does not run; try again later.',
  SERVICE_TIMEOUT: 'A service did not answer in time; whether it acted is not known.',
  INTERNAL_SERVER_ERROR: 'A fault of ours; the logs have it.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** How an error travels between services: plain data, `code` and `message` first, then what the code's details are. */
export interface ErrorData {
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown>;
}

/** The one class of errors that callers are meant to see; everything else becomes INTERNAL_SERVER_ERROR at the edge. */
export class AppError extends Error implements ErrorData {
  override readonly name = 'AppError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details?: Record<string, unknown>,
  ) {
    super(message);
  }

  toJSON(): ErrorData {
    return { code: this.code, message: this.message, ...(this.details && { details: this.details }) };
  }

  /** Reads an error that came over a transport, whatever it is. */
  static from(error: unknown): AppError {
    if (error instanceof AppError) return error;
    if (isErrorData(error)) return new AppError(error.code, error.message, error.details);
    return new AppError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side');
  }
}

function isErrorData(value: unknown): value is ErrorData {
  return typeof value === 'object' && value !== null && 'code' in value && String(value.code) in ERROR_CODES;
}
