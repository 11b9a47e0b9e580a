/** Every error code of the API and its meaning. The only such table: the schema and docs/errors.md are compared with it. */
export const ERROR_CODES = {
  BAD_USER_INPUT: 'The input is invalid; `fields` lists each invalid field and the rules it breaks.',
  UNAUTHENTICATED: 'The access token is missing, malformed or expired, or its session has ended.',
  FORBIDDEN: 'The caller is authenticated but lacks permission.',
  INVALID_CREDENTIALS: 'Wrong e-mail or password.',
  INVALID_REFRESH_TOKEN: 'The refresh token is unknown or was replaced, or its session has ended. Log in again.',
  EMAIL_TAKEN: 'Another user is registered with this e-mail.',
  USER_NOT_FOUND: 'The user does not exist.',
  PRODUCT_NOT_FOUND: 'A product does not exist or was deleted; `productIds` lists the missing ids.',
  ORDER_NOT_FOUND: 'The order does not exist, or the caller may not see it.',
  INSUFFICIENT_STOCK: 'More units are requested than are in stock; `shortages` lists what is available.',
  PRICE_CHANGED: 'The amounts are not the expected ones: see `prices` and `total`. Nothing is ordered.',
  ORDER_STATUS_CONFLICT: 'The order cannot change to this status; `status` is its current status.',
  SHIPPING_ADDRESS_MISSING: 'The order has no shipping address. Its customer sets one with `updateProfile`.',
  STOCK_CHANGED: 'The stock is not `expectedStock`; `stock` is the current one. Nothing is changed.',
  IDEMPOTENCY_KEY_REUSED: 'The idempotency key was used for a different input. Use a new key.',
  RATE_LIMITED: 'Too many requests or failed logins. Retry after `retryAfter` seconds.',
  OPERATION_TOO_COMPLEX: 'The operation or its answer exceeds a limit; `limit` is the maximum.',
  BAD_REQUEST: 'Not a GraphQL-over-HTTP request, or blocked by CSRF protection.',
  ORIGIN_NOT_ALLOWED: 'Pages of this origin may not call the API. The setting CORS_ORIGINS allows them.',
  PAYLOAD_TOO_LARGE: 'The request body is too large.',
  GRAPHQL_PARSE_FAILED: 'The document is not valid GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not match the schema.',
  OPERATION_RESOLUTION_FAILURE:
    'The document has no operation of this name, or has several and the request names none.',
  PERSISTED_QUERY_NOT_FOUND: 'No document is stored for this hash. Send the hash together with the document.',
  SERVICE_UNAVAILABLE: 'A required service is unavailable. Try again later.',
  SERVICE_TIMEOUT: 'A service did not answer in time. The operation may or may not have taken effect.',
  INTERNAL_SERVER_ERROR: 'Internal error. Search the logs for the `traceId`.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);

const SERVER_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SERVICE_UNAVAILABLE',
  'SERVICE_TIMEOUT',
  'INTERNAL_SERVER_ERROR',
]);

/** How a span that fails with this code is recorded. */
export const failureWith = (code: ErrorCode) => ({ type: code, isServerError: SERVER_ERRORS.has(code) });

export const failureOf = (error: unknown) => failureWith(AppError.from(error).code);

/** An error as services send it to each other. */
export interface ErrorData {
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown>;
}

/** The only errors that callers see. Everything else becomes INTERNAL_SERVER_ERROR at the edge. */
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

  /** Converts any error, also one received from another service. */
  static from(error: unknown): AppError {
    if (error instanceof AppError) return error;
    if (isErrorData(error)) return new AppError(error.code, error.message, error.details);
    return new AppError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side');
  }
}

/** Also for an order that the caller may not see. */
export const orderNotFound = () => new AppError('ORDER_NOT_FOUND', 'Order not found');

export const productNotFound = (id: string) =>
  new AppError('PRODUCT_NOT_FOUND', 'Product not found', { productIds: [id] });

function isErrorData(value: unknown): value is ErrorData {
  return typeof value === 'object' && value !== null && 'code' in value && isErrorCode(value.code);
}
