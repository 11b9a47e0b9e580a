import { type Client, type ClientOptions, createClient } from 'graphql-ws';
import { BazaarError, type ResponseError } from './bazaar-error.js';
import { type Answer, delayAfter, type RetryOptions } from './http.js';
import { isSameSession, type Session } from './session.js';

export type SubscriptionEvent<Data> =
  /** The subscription has begun, for the first time or again. Earlier changes are not sent, so read the current state now. */
  | { readonly type: 'connected' }
  | { readonly type: 'update'; readonly data: Data }
  /** An update has failed, for example because it is too large. The subscription goes on. */
  | { readonly type: 'failed'; readonly error: BazaarError };

/** Settings of graphql-ws, except those that this class depends on. */
export type SocketOptions = Partial<Omit<ClientOptions, 'url' | 'lazy' | 'lazyCloseTimeout'>>;

interface Payload {
  readonly query: string;
  readonly variables?: Record<string, unknown> | undefined;
}

interface Subscriber {
  connected(): void;
  fail(error: BazaarError): void;
}

const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;
const KEEP_ALIVE_MS = 20_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** Subscriptions over one WebSocket, which is open while there are any. */
export class Subscriptions {
  private readonly client: Client;
  private readonly subscribers = new Set<Subscriber>();
  private socket: WebSocket | undefined;
  /** The token that the socket of these subscribers was opened with, or the last one. */
  private token: string | undefined;
  private isRejected = false;

  constructor(
    url: string,
    private readonly session: Session,
    retry: Pick<RetryOptions, 'delayMs' | 'maxDelayMs'>,
    options: SocketOptions = {},
  ) {
    this.client = createClient({
      url: url.replace(/^http/, 'ws'),
      connectionParams: () => this.connectionParams(),
      connectionAckWaitTimeout: ANSWER_TIMEOUT_MS,
      keepAlive: KEEP_ALIVE_MS,
      retryAttempts: Infinity,
      shouldRetry: () => true,
      retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, delayAfter(retries + 1, retry))),
      ...options,
    });
    this.client.on('connected', (socket) => {
      this.socket = socket as WebSocket;
      this.isRejected = false;
      for (const subscriber of this.subscribers) subscriber.connected();
    });
    this.client.on('closed', (event) => {
      this.socket = undefined;
      this.isRejected = (event as CloseEvent).code === FORBIDDEN;
    });
    this.reconnectWithoutPong();
  }

  /** Begins at once. */
  subscribe<Data>(payload: Payload): AsyncIterableIterator<SubscriptionEvent<Data>> {
    let end = () => {};
    const stream = new ReadableStream<SubscriptionEvent<Data> | BazaarError>({
      start: (controller) => {
        let stop = () => {};
        let mayRefresh = true;
        const subscriber: Subscriber = {
          connected: () => controller.enqueue({ type: 'connected' }),
          // In order with the events that are not read yet.
          fail: (error) => {
            if (!this.subscribers.has(subscriber)) return;
            controller.enqueue(error);
            controller.close();
            end();
          },
        };
        const begin = () => {
          stop = this.client.subscribe<Data>(payload, {
            next: ({ data, errors }: Answer<Data>) => {
              mayRefresh = true;
              if (errors?.[0]) controller.enqueue({ type: 'failed', error: BazaarError.of(errors, data) });
              else controller.enqueue({ type: 'update', data: data! });
            },
            error: (cause) => {
              const error = errorOf(cause);
              if (error.code !== 'UNAUTHENTICATED' || !mayRefresh) return subscriber.fail(error);
              mayRefresh = false;
              void this.reconnect(error).then(
                () => this.subscribers.has(subscriber) && begin(),
                (reason: BazaarError) => subscriber.fail(reason),
              );
            },
            complete: () => {
              if (!this.subscribers.has(subscriber)) return;
              controller.close();
              end();
            },
          });
          if (this.isConnected) subscriber.connected();
        };
        end = () => {
          this.subscribers.delete(subscriber);
          // The next subscription may be of another user.
          if (this.subscribers.size === 0) this.token = undefined;
          stop();
        };
        this.subscribers.add(subscriber);
        begin();
      },
      cancel: () => end(),
    });
    const reader = stream.getReader();
    return {
      async next() {
        const { done, value } = await reader.read();
        if (value instanceof BazaarError) throw value;
        return done ? { done, value: undefined } : { done, value };
      },
      async return() {
        await reader.cancel();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Ends the subscriptions of a session that is over. */
  fail(error: BazaarError): void {
    for (const subscriber of this.subscribers) subscriber.fail(error);
  }

  async close(): Promise<void> {
    await this.client.dispose();
  }

  /** A new subscription needs a valid token, but its socket may be older than that. @throws the error if there is no other token. */
  private async reconnect(error: BazaarError): Promise<void> {
    const { token } = this;
    if (token === undefined || (await this.session.refresh(token)) === undefined) throw error;
    if (this.token === token) this.client.terminate();
  }

  private get isConnected(): boolean {
    return this.socket !== undefined && this.socket.readyState === this.socket.OPEN;
  }

  private async connectionParams(): Promise<Record<string, unknown>> {
    const before = this.token;
    let token = await this.session.accessToken();
    // Without an answer to the refresh, the token is rejected once more, and the next attempt is later.
    if (token !== undefined && token === before && this.isRejected)
      token = await this.session.refresh(token).catch(() => before);
    if (token !== undefined && before !== undefined && !isSameSession(token, before)) token = undefined;
    this.token = token;
    return token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  /** A connection can be lost without a sign of it. */
  private reconnectWithoutPong(): void {
    let timeout: ReturnType<typeof setTimeout>;
    this.client.on('ping', (isReceived) => {
      if (!isReceived) timeout = setTimeout(() => this.client.terminate(), ANSWER_TIMEOUT_MS);
    });
    this.client.on('pong', (isReceived) => {
      if (isReceived) clearTimeout(timeout);
    });
    this.client.on('closed', () => clearTimeout(timeout));
  }
}

/** @param cause the errors of the subscription, or why the socket was closed. */
function errorOf(cause: unknown): BazaarError {
  if (Array.isArray(cause)) return BazaarError.of(cause as ResponseError[]);
  const { code, reason } = cause as Partial<CloseEvent>;
  if (code === UNAUTHORIZED || code === FORBIDDEN) return new BazaarError(reason || 'Log in', 'UNAUTHENTICATED');
  return BazaarError.ofNetwork(`The socket was closed: ${code} ${reason}`, { code, reason }, cause);
}
