import type { GraphQLFormattedError } from 'graphql';
import type { ErrorCode } from './api.js';

/** An error in an answer. */
export interface ResponseError extends GraphQLFormattedError {
  readonly extensions: {
    readonly code: ErrorCode;
    readonly traceId?: string;
    /** Of BAD_USER_INPUT: the invalid fields and the rules that they break. */
    readonly fields?: Record<string, string[]>;
    readonly [detail: string]: unknown;
  };
}

/** Why an operation failed. */
export class BazaarError extends Error {
  override readonly name = 'BazaarError';

  /**
   * @param code of the API, or NETWORK_ERROR if there is no answer of it. A newer API may have codes that this release does not know.
   * @param details the other `extensions` of the error.
   * @param errors all errors of the answer, with the messages for people.
   * @param data the other fields of the answer.
   */
  constructor(
    message: string,
    readonly code: ErrorCode | 'NETWORK_ERROR',
    readonly details: Readonly<Record<string, unknown>> = {},
    readonly traceId?: string,
    readonly errors: readonly ResponseError[] = [],
    readonly data?: unknown,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${message}`, options);
  }

  /** @param errors at least one. */
  static of(errors: readonly ResponseError[], data?: unknown): BazaarError {
    const [{ message, extensions: { code = 'INTERNAL_SERVER_ERROR', traceId, ...details } = {} }] = errors as [
      Omit<ResponseError, 'extensions'> & { extensions?: Partial<ResponseError['extensions']> },
    ];
    return new BazaarError(message, code, details, traceId, errors, data);
  }

  static ofNetwork(message: string, details: Record<string, unknown> = {}, cause?: unknown): BazaarError {
    return new BazaarError(message, 'NETWORK_ERROR', details, undefined, [], undefined, { cause });
  }
}
