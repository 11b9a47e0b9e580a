import { maxHeaderSize, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '@app/contracts';
import { JSON_RESPONSE } from './media-type.js';

/** Sends errors that Node's HTTP server finds before there is a request, in the format of GraphQL, and closes the connection. */
export const answerClientError = (requestTimeoutMs: number) => (error: NodeJS.ErrnoException, socket: Socket) => {
  // Node keeps the current response here; a second one would corrupt it.
  const { _httpMessage: current } = socket as Socket & { _httpMessage?: ServerResponse };
  if (error.code === 'ECONNRESET' || !socket.writable || current?.headersSent) {
    socket.destroy();
    return;
  }
  const [status, { code, message, details }] = refusalOf(error, requestTimeoutMs);
  const body = JSON.stringify({ errors: [{ message, extensions: { ...details, code } }] });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${JSON_RESPONSE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
};

function refusalOf({ code }: NodeJS.ErrnoException, requestTimeoutMs: number): [status: number, AppError] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const message = `The request was not complete within ${requestTimeoutMs} ms`;
    return [408, new AppError('BAD_REQUEST', message, { limit: requestTimeoutMs })];
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    const message = `The headers exceed ${maxHeaderSize} bytes`;
    return [431, new AppError('BAD_REQUEST', message, { limit: maxHeaderSize })];
  }
  return [400, new AppError('BAD_REQUEST', 'Malformed HTTP request')];
}
