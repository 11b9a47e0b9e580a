import type { AppError } from '@app/contracts';

/** The error that a request fails with; undefined if it succeeds. */
export const errorOf = (request: Promise<unknown>): Promise<AppError | undefined> =>
  request.then(
    () => undefined,
    (error: AppError) => error,
  );
