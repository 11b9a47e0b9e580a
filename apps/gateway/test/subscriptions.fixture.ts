import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type OrderDto, orders, Role, type ValidToken } from '@app/contracts';
import { jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { LiveClient } from '../../../test/live-client.js';
import type { GatewayConfig } from '../src/config.js';
import { order } from './gateway.fixture.js';
import { GatewayUnderTest } from './gateway-under-test.js';

interface SocketOptions {
  path?: string;
  protocol?: string | string[];
  origin?: string;
  autoPong?: boolean;
}

export const jane: ValidToken = {
  userId: randomUUID(),
  role: Role.CUSTOMER,
  sessionId: randomUUID(),
  expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
};

/** Fakes intervals only, so that the test decides when they fire. */
const FAKE_INTERVALS: Parameters<typeof jest.useFakeTimers>[0] = {
  doNotFake: [
    ...(['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask'] as const),
    ...(['setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout'] as const),
  ],
};

/** A gateway with a port, its stubbed services, and its clients. */
export class SubscriptionsUnderTest {
  /** The replies of the user service about tokens and sessions. */
  validate: (token: string) => ValidToken = () => jane;
  endedSessions: (ids: string[]) => string[] = () => [];
  private readonly stored = new Map<string, OrderDto>();
  private readonly opened: (WebSocket | LiveClient)[] = [];

  gateway: GatewayUnderTest;
  url: string;

  static async start(config: Partial<GatewayConfig> = {}): Promise<SubscriptionsUnderTest> {
    jest.useFakeTimers(FAKE_INTERVALS);
    const under = new SubscriptionsUnderTest();
    under.gateway = await GatewayUnderTest.start(
      {
        user: {
          validateToken: async ({ token }) => under.validate(token),
          endedSessions: async ({ ids }) => under.endedSessions(ids),
        },
        order: { get: async ({ id }) => under.stored.get(id) ?? null },
      },
      { PORT: 0, ...config },
    );
    under.url = `http://127.0.0.1:${(under.gateway.app.getHttpServer().address() as AddressInfo).port}`;
    return under;
  }

  connect(params: string | Record<string, unknown> = 'token'): LiveClient {
    const client = new LiveClient(this.url, params);
    this.opened.push(client);
    return client;
  }

  /** A plain WebSocket. */
  socket({ path = '/graphql', protocol = 'graphql-transport-ws', ...rest }: SocketOptions = {}): WebSocket {
    const socket = new WebSocket(this.url.replace('http', 'ws') + path, protocol, rest);
    socket.on('error', () => {}); // 'close' follows
    this.opened.push(socket);
    return socket;
  }

  async signedInSocket(options?: SocketOptions): Promise<WebSocket> {
    const socket = this.socket(options);
    await once(socket, 'open');
    send(socket, { type: 'connection_init', payload: { Authorization: 'Bearer token' } });
    await once(socket, 'message');
    return socket;
  }

  /** The status of the handshake; 101 if it succeeds. */
  handshake(options: SocketOptions): Promise<number> {
    const socket = this.socket(options);
    return new Promise((resolve) => {
      socket.on('open', () => resolve(101));
      socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode!));
    });
  }

  /** Advances the clock by half a minute, in which these clients answer the pings. */
  async halfAMinute(...clients: LiveClient[]): Promise<void> {
    for (const seconds of [15, 15]) {
      for (const client of clients) await client.listening();
      jest.advanceTimersByTime(seconds * 1_000);
    }
  }

  /** Stores an order of Jane, and publishes its event. */
  async orderChanges(over: Partial<OrderDto> = {}): Promise<void> {
    const changed = order({ userId: jane.userId, ...over });
    this.stored.set(changed.id, changed);
    const { id: orderId, userId, version } = changed;
    await this.gateway.publish(orders.events.processing, { orderId, userId, version });
  }

  async close(): Promise<void> {
    for (const socket of this.opened.splice(0)) {
      if (socket instanceof LiveClient) await socket.close();
      else socket.terminate();
    }
    await this.gateway.close();
    jest.useRealTimers();
  }
}

export const send = (socket: WebSocket, message: object) => socket.send(JSON.stringify(message));

export async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}
