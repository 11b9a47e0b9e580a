import { AppError, type ValidToken } from '@app/contracts';
import { runWithTrace } from '@app/telemetry';
import { Logger } from '@nestjs/common';
import { CloseCode, type WebSocket as ProtocolSocket } from 'graphql-ws';
import { WebSocket } from 'ws';

/** Bytes that may wait for a client that does not read them. */
const MOST_UNREAD = 2 * 1024 * 1024;

/** Milliseconds that a client has for its part of a close. */
const CLOSE_TIMEOUT_MS = 3_000;

/** Codes of RFC 6455's registry: a client that knows them connects again. */
export const GOING_AWAY = 1001;
export const SERVICE_RESTART = 1012;
export const TRY_AGAIN_LATER = 1013;

const logger = new Logger('Subscriptions');

let messages = 0;

/** A client's socket, as graphql-ws uses it. What waits for the client is bounded: who does not read is cut off. */
export class SubscriptionSocket implements ProtocolSocket {
  /** The client's, once its token was found to hold. */
  session: ValidToken | undefined;
  private isAlive = true;

  /** @param countMessage rejects where the client has sent too many. */
  constructor(
    private readonly socket: WebSocket,
    readonly address: string,
    private readonly countMessage: () => Promise<void>,
  ) {
    socket.on('pong', () => (this.isAlive = true));
    socket.on('ping', (data) => {
      if (this.takes(data.length)) socket.pong(data);
    });
    // What is not WebSocket, or too long: ws closes it with the code that says so.
    socket.on('error', (error) => logger.debug(`A client's socket: ${error.message}`));
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  /** Resolves once it is written, and no sooner: so a subscription takes its next update when its client has taken the last. */
  send(message: string): Promise<void> {
    if (!this.takes(message.length)) return Promise.reject(new Error('The socket is closed'));
    return new Promise((resolve, reject) => {
      this.socket.send(message, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(code?: number, reason?: string): void {
    if (!this.isOpen) return;
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  /** The client does not keep up; it may connect again and read what is. */
  cutOff(): void {
    this.close(TRY_AGAIN_LATER, 'Too slow: too much is waiting');
  }

  onMessage(handle: (message: string) => Promise<void>): void {
    this.socket.on('message', (data: Buffer) => {
      if (!this.isOpen) return;
      // In the background, so that messages stay in order.
      this.countMessage().catch((error: unknown) => this.close(TRY_AGAIN_LATER, AppError.from(error).message));
      // Each belongs to a trace of its own, as an HTTP request does; a subscription's lasts as long as that does.
      const known = { requestId: `message-${(++messages).toString(36)}`, userId: this.session?.userId };
      runWithTrace(undefined, () => handle(data.toString()), known).catch((error: unknown) => this.fail(error));
    });
  }

  /** Called again and again: a client that has not answered since the last time is gone. */
  checkAlive(): void {
    if (!this.isAlive) this.socket.terminate();
    this.isAlive = false;
    this.socket.ping();
  }

  private get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  private takes(length: number): boolean {
    if (this.isOpen && this.socket.bufferedAmount + length > MOST_UNREAD) this.cutOff();
    return this.isOpen;
  }

  private fail(error: unknown): void {
    if (!this.isOpen) return;
    // What graphql-ws says of a message that only servers send.
    if (String(error).includes('Unexpected message'))
      return this.close(CloseCode.BadRequest, 'Invalid message received');
    logger.error(error);
    this.close(CloseCode.InternalServerError, 'Internal server error');
  }
}
