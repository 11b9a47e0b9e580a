import { AppError } from '@app/contracts';

/** The maximum size of a message in bytes. RabbitMQ 4 closes the channel of a publisher that exceeds 16 MiB. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** Returns `json`. @throws AppError OPERATION_TOO_COMPLEX if it is too large for a message. */
export function checkedSize(json: string, name: string): string {
  const actual = Buffer.byteLength(json);
  if (actual <= MAX_MESSAGE_BYTES) return json;
  const limit = MAX_MESSAGE_BYTES;
  throw new AppError('OPERATION_TOO_COMPLEX', `The ${name} has ${actual} bytes; the limit is ${limit}`, {
    limit,
    actual,
  });
}
