import { randomUUID } from 'node:crypto';
import {
  BazaarClient,
  BazaarError,
  memoryTokens,
  type ResponseError,
  type SocketOptions,
} from '../libs/client/src/index.js';
import { eventually } from '../libs/testing/src/eventually.js';

interface Close {
  code: number;
  reason: string;
}

/** A client of subscriptions, with one socket. It does not reconnect. */
export class LiveClient {
  /** Resolves when the socket is closed. */
  readonly closed: Promise<Close>;
  private isClosed = false;
  private readonly client: BazaarClient;

  /** @param connectionParams parameters of `connection_init`, or an access token. */
  constructor(url: string, connectionParams: string | Record<string, unknown>) {
    let closed: (close: Close) => void;
    this.closed = new Promise((resolve) => (closed = resolve));
    const isToken = typeof connectionParams === 'string';
    this.client = new BazaarClient({
      url: `${url}/graphql`,
      tokens: memoryTokens(isToken ? { accessToken: connectionParams } : null),
      sockets: {
        ...(!isToken && { connectionParams }),
        retryAttempts: 0,
        lazy: false, // connects without a subscription
        onNonLazyError: () => {}, // `closed` reports it
        on: {
          closed: (event) => {
            const { code, reason } = event as Close;
            this.isClosed = true;
            closed({ code, reason });
          },
        },
      } as SocketOptions,
    });
  }

  /** Subscribes to the caller's orders, or to one order. */
  orders(id?: string): Updates<{ id: string; status: string }> {
    return this.subscribe('subscription ($id: ID) { orderUpdated(id: $id) { id status } }', { id });
  }

  subscribe<T>(query: string, variables: Record<string, unknown> = {}): Updates<T> {
    if (this.isClosed) throw new Error('The socket is closed');
    return new Updates(this.client.subscribe<{ orderUpdated: T }>(query, variables));
  }

  /** Resolves when all subscriptions so far are active: the server starts them one after another. */
  async listening(): Promise<void> {
    const last = this.orders(randomUUID());
    await eventually(() => {
      if (last.code !== 'ORDER_NOT_FOUND')
        throw new Error(`The subscription has not been rejected yet: ${String(last.code)}`);
    });
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.closed;
  }
}

/** The updates that a subscription has received, and how it ended. */
class Updates<T> {
  readonly received: T[] = [];
  /** The errors of the subscription. */
  errors: readonly ResponseError[] = [];
  isOver = false;

  constructor(private readonly events: ReturnType<typeof BazaarClient.prototype.subscribe<{ orderUpdated: T }>>) {
    void this.receive();
  }

  get code(): unknown {
    return this.errors[0]?.extensions.code;
  }

  end(): void {
    void this.events.return?.();
  }

  private async receive(): Promise<void> {
    try {
      for await (const event of this.events) {
        if (event.type === 'connected') continue;
        if (event.type === 'failed') this.errors = event.error.errors;
        // An update with errors may have other data.
        const data = event.type === 'failed' ? (event.error.data as { orderUpdated: T } | null) : event.data;
        if (data) this.received.push(data.orderUpdated);
      }
    } catch (error) {
      if (!(error instanceof BazaarError)) throw error;
      this.errors = error.errors;
    }
    this.isOver = true;
  }
}
