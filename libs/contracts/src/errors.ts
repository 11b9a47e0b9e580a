/** Every code that a caller of the API can meet, with what it means. The only such table: edges map from it. */
export const ERROR_CODES = {
  BAD_USER_INPUT: 'The input breaks a rule; `fields` names each field and its rule.',
  UNAUTHENTICATED: 'No access token was given, or it is malformed, expired or of a session that has ended.',
  FORBIDDEN: 'The caller is known but may not do this.',
  INVALID_CREDENTIALS: 'The e-mail and the password do not belong together.',
  INVALID_REFRESH_TOKEN: 'It is unknown, used already, or of a session that has ended: log in again.',
  EMAIL_TAKEN: 'Another user has registered with this e-mail.',
  USER_NOT_FOUND: 'There is no such user.',
  PRODUCT_NOT_FOUND: 'There is no such product, or it has been deleted; `productIds` names them.',
  ORDER_NOT_FOUND: 'There is no such order, or it is not for the caller to see.',
  INSUFFICIENT_STOCK: 'Fewer units are left than were asked for; `shortages` tells how many are.',
  ORDER_STATUS_CONFLICT: 'The order cannot go to that status from the one it has; `status` tells which it has.',
  SHIPPING_ADDRESS_MISSING: 'The order has no address to be shipped to; its customer gives one by updateProfile.',
  IDEMPOTENCY_KEY_REUSED: 'The key came with another order before; a new order needs a new key.',
  RATE_LIMITED: 'Too many requests, or too many failed logins; `retryAfter` tells after how many seconds to try again.',
  OPERATION_TOO_COMPLEX: 'The operation is deeper, wider or costlier than is allowed; `limit` tells what is.',
  BAD_REQUEST: 'The HTTP request is no GraphQL request, or one that a browser may not send unasked.',
  PAYLOAD_TOO_LARGE: 'The body of the request is larger than is allowed.',
  GRAPHQL_PARSE_FAILED: 'The document is no GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  OPERATION_RESOLUTION_FAILURE: 'The document has no operation of that name, or several and none was named.',
  PERSISTED_QUERY_NOT_FOUND: 'No document is known by this hash; send it once more with the document.',
  SERVICE_UNAVAILABLE: 'A service that is needed for this does not run; try again later.',
  SERVICE_TIMEOUT: 'A service did not answer in time; whether it acted is not known.',
  INTERNAL_SERVER_ERROR: 'A fault of ours; the logs have it.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);

const SERVER_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SERVICE_UNAVAILABLE',
  'SERVICE_TIMEOUT',
  'INTERNAL_SERVER_ERROR',
]);

/** How a span ends that fails with this code. */
export const failureWith = (code: ErrorCode) => ({ type: code, isServerError: SERVER_ERRORS.has(code) });

export const failureOf = (error: unknown) => failureWith(AppError.from(error).code);

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
  return typeof value === 'object' && value !== null && 'code' in value && isErrorCode(value.code);
}
