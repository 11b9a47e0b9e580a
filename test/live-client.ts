import { randomUUID } from 'node:crypto';
import type { GraphQLFormattedError } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { eventually } from '../libs/testing/src/eventually.js';

interface Close {
  code: number;
  reason: string;
}

/** A client of subscriptions: one socket, opened at once, and never again once it is closed. */
export class LiveClient {
  /** How its socket was closed. */
  readonly closed: Promise<Close>;
  private isClosed = false;
  private readonly client: Client;

  /** @param connectionParams what it shows as it connects; a text is an access token. */
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
      onNonLazyError: () => {}, // `closed` tells
      on: {
        closed: (event) => {
          const { code, reason } = event as Close;
          this.isClosed = true;
          closed({ code, reason });
        },
      },
    });
  }

  /** The changes of the caller's orders, or of one order. */
  orders(id?: string): Updates<{ id: string; status: string }> {
    return this.subscribe('subscription ($id: ID) { orderUpdated(id: $id) { id status } }', { id });
  }

  subscribe<T>(query: string, variables?: Record<string, unknown>): Updates<T> {
    if (this.isClosed) throw new Error('The socket is closed');
    return new Updates<T>(this.client, query, variables);
  }

  /** Resolves once the server listens for all that was subscribed to so far: it begins one after the other. */
  async listening(): Promise<void> {
    const last = this.orders(randomUUID());
    await eventually(() => {
      if (last.code !== 'ORDER_NOT_FOUND') throw new Error(`It is not refused yet, but ${String(last.code)}`);
    });
  }

  async close(): Promise<void> {
    await this.client.dispose();
  }
}

/** What a subscription has told so far, and how it ended. */
class Updates<T> {
  readonly received: T[] = [];
  /** What it was refused with. */
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
