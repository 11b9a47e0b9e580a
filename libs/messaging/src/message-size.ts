import { AppError } from '@app/contracts';

/** In bytes of JSON. RabbitMQ 4 closes the channel of a publisher whose message is larger than 16 MiB. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** @throws AppError OPERATION_TOO_COMPLEX when `json` is too large for a message. @returns it. */
export function checkedSize(json: string, name: string): string {
  const actual = Buffer.byteLength(json);
  if (actual <= MAX_MESSAGE_BYTES) return json;
  const limit = MAX_MESSAGE_BYTES;
  throw new AppError('OPERATION_TOO_COMPLEX', `The ${name} has ${actual} bytes; the limit is ${limit}`, {
    limit,
    actual,
  });
}
