import { AppError, type ValidToken } from '@app/contracts';
import { Turns } from '@app/messaging';
import { runWithTrace } from '@app/telemetry';
import { Logger } from '@nestjs/common';
import { CloseCode, type WebSocket as ProtocolSocket } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { UnreadBytes } from './unread-bytes.js';

/** Bytes that may wait for a client. */
const MAX_UNREAD_BYTES = 2 * 1024 * 1024;

/** Milliseconds to wait for the client's close frame. */
const CLOSE_TIMEOUT_MS = 3_000;

/** Close codes of the registry of RFC 6455; clients reconnect after them. */
export const GOING_AWAY = 1001;
export const SERVICE_RESTART = 1012;
export const TRY_AGAIN_LATER = 1013;

const logger = new Logger('Subscriptions');

let messages = 0;

/** A client's socket for graphql-ws, with back-pressure: a client that does not read is disconnected. */
export class SubscriptionSocket implements ProtocolSocket {
  /** Set once the client's token is validated. */
  session: ValidToken | undefined;
  /** The ids of the subscriptions that were within the limit; some may have ended. */
  accepted: readonly string[] = [];
  /** The updates that load from other services, one at a time. */
  readonly loads = new Turns(1);
  private isAlive = true;

  /** @param countMessage rejects if the client has sent too many messages. */
  constructor(
    private readonly socket: WebSocket,
    readonly address: string,
    private readonly unread: UnreadBytes,
    private readonly countMessage: () => Promise<void>,
  ) {
    socket.on('pong', () => (this.isAlive = true));
    socket.on('ping', (data) => {
      if (this.hasRoomFor(data.length)) socket.pong(data, undefined, this.unread.add(socket, data.length));
    });
    // An invalid or too long frame: ws closes the socket with the right code.
    socket.on('error', (error) => logger.debug(`A client's socket: ${error.message}`));
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  /** Resolves once the message is written, so that a subscription takes its next update after its client has taken the last. */
  send(message: string): Promise<void> {
    const bytes = Buffer.byteLength(message);
    if (!this.hasRoomFor(bytes)) return Promise.reject(new Error('The socket is closed'));
    const written = this.unread.add(this.socket, bytes);
    return new Promise((resolve, reject) => {
      this.socket.send(message, (error) => {
        written();
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(code?: number, reason?: string): void {
    if (!this.isOpen) return;
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  /** Disconnects a client that does not keep up; it may reconnect and read the current state. */
  cutOff(): void {
    this.close(TRY_AGAIN_LATER, 'Too slow: too many messages are waiting');
  }

  onMessage(handle: (message: string) => Promise<void>): void {
    this.socket.on('message', (data: Buffer) => {
      if (!this.isOpen) return;
      // Not awaited, so that messages stay in order.
      this.countMessage().catch((error: unknown) => this.close(TRY_AGAIN_LATER, AppError.from(error).message));
      // Each message has its own trace, as an HTTP request does; the trace of a subscription lasts as long as it.
      const known = { requestId: `message-${(++messages).toString(36)}`, userId: this.session?.userId };
      runWithTrace(undefined, () => handle(data.toString()), known).catch((error: unknown) => this.fail(error));
    });
  }

  /** Called at intervals: terminates a client that has not answered the last ping. */
  checkAlive(): void {
    if (!this.isAlive) this.socket.terminate();
    this.isAlive = false;
    this.socket.ping();
  }

  private get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  private hasRoomFor(bytes: number): boolean {
    if (this.isOpen && this.socket.bufferedAmount + bytes > MAX_UNREAD_BYTES) this.cutOff();
    return this.isOpen;
  }

  private fail(error: unknown): void {
    if (!this.isOpen) return;
    // graphql-ws throws this for a message that only servers send.
    if (String(error).includes('Unexpected message'))
      return this.close(CloseCode.BadRequest, 'Invalid message received');
    logger.error(error);
    this.close(CloseCode.InternalServerError, 'Internal server error');
  }
}
