import { maxHeaderSize, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '@app/contracts';
import { currentTraceparent, runWithTrace } from '@app/telemetry';
import { JSON_RESPONSE } from './media-type.js';

type HttpSocket = Socket & {
  /** The response that Node is sending or will send next. */
  _httpMessage?: ServerResponse | null;
};

/**
 * Sends errors that Node's HTTP server finds before there is a request, in the format of GraphQL, and closes the connection. Waits
 * for the responses to the requests before it, for as long as a request may take.
 */
export function answerClientError(requestTimeoutMs: number) {
  /** Node reports the error again for each chunk that follows. */
  const reported = new WeakSet<Socket>();
  return (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    if (reported.has(socket)) return;
    reported.add(socket);
    const tooSlow = setTimeout(() => socket.destroy(), requestTimeoutMs).unref();
    socket.once('close', () => clearTimeout(tooSlow));
    afterResponses(socket, () => sendError(error, socket, requestTimeoutMs));
  };
}

function afterResponses(socket: HttpSocket, proceed: () => void): void {
  const { _httpMessage: current } = socket;
  // An incomplete request is the one with the error.
  if (current?.req.complete) current.once('close', () => afterResponses(socket, proceed));
  else proceed();
}

function sendError(error: NodeJS.ErrnoException, socket: HttpSocket, requestTimeoutMs: number): void {
  // A second response would corrupt the current one.
  if (!socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  const [status, { code, message, details }] = refusalOf(error, requestTimeoutMs);
  const traceparent = runWithTrace(undefined, currentTraceparent)!;
  const traceId = traceparent.split('-')[1];
  const body = JSON.stringify({ errors: [{ message, extensions: { ...details, code, traceId } }] });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${JSON_RESPONSE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `traceresponse: ${traceparent}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

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
