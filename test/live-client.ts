import { randomUUID } from 'node:crypto';
import type { GraphQLFormattedError } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
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
  private readonly client: Client;

  /** @param connectionParams parameters of `connection_init`, or an access token. */
  constructor(url: string, connectionParams: string | Record<string, unknown>) {
    let closed: (close: Close) => void;
    this.closed = new Promise((resolve) => (closed = resolve));
    this.client = createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams:
        typeof connectionParams === 'string' ? { Authorization: `Bearer ${connectionParams}` } : connectionParams,
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => {}, // `closed` reports it
      on: {
        closed: (event) => {
          const { code, reason } = event as Close;
          this.isClosed = true;
          closed({ code, reason });
        },
      },
    });
  }

  /** Subscribes to the caller's orders, or to one order. */
  orders(id?: string): Updates<{ id: string; status: string }> {
    return this.subscribe('subscription ($id: ID) { orderUpdated(id: $id) { id status } }', { id });
  }

  subscribe<T>(query: string, variables?: Record<string, unknown>): Updates<T> {
    if (this.isClosed) throw new Error('The socket is closed');
    return new Updates<T>(this.client, query, variables);
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
    await this.client.dispose();
  }
}

/** The updates that a subscription has received, and how it ended. */
class Updates<T> {
  readonly received: T[] = [];
  /** The errors of the subscription. */
  errors: readonly GraphQLFormattedError[] = [];
  isOver = false;
  readonly end: () => void;

  constructor(client: Client, query: string, variables?: Record<string, unknown>) {
    this.end = client.subscribe<{ orderUpdated: T }>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (data) this.received.push(data.orderUpdated);
          if (errors) this.errors = errors;
        },
        error: (error) => {
          if (Array.isArray(error)) this.errors = error as GraphQLFormattedError[];
          this.isOver = true;
        },
        complete: () => (this.isOver = true),
      },
    );
  }

  get code(): unknown {
    return this.errors[0]?.extensions?.code;
  }
}
