import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { BearerStrategy, EndedSessions } from '@app/auth';
import { AppError, type UserClient, users } from '@app/contracts';
import { InjectClient, MissedEvents, Turns } from '@app/messaging';
import { addToScope } from '@app/telemetry';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { FastifyInstance } from 'fastify';
import { getOperationAST, type GraphQLError } from 'graphql';
import { CloseCode, type Context, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { Gauge } from 'prom-client';
import { type WebSocket, WebSocketServer } from 'ws';
import { GatewayConfig } from '../config.js';
import { AddressLimit, requestFrom } from '../throttle/address-limit.js';
import { chargeOfDocument } from '../throttle/operation-charge.js';
import { RateLimits } from '../throttle/rate-limits.js';
import { SlowConsumer } from './slow-consumer.error.js';
import { codeOf, formatError } from '../graphql/errors/format-error.js';
import { refusal } from '../graphql/limits/operation-limits.js';
import { measureOperation } from '../graphql/operation-metrics.js';
import { subscribe, type SubscriptionArgs, subscriptionOf } from './subscription-operation.js';
import { GOING_AWAY, SERVICE_RESTART, SubscriptionSocket, TRY_AGAIN_LATER } from './subscription-socket.js';
import { UnreadBytes } from './unread-bytes.js';
import { verifyOrigin } from './verify-origin.js';

/** The longest message of a client, in bytes. */
const MAX_PAYLOAD = 64 * 1024;
/** Milliseconds until a client must have sent its token. */
const INIT_TIMEOUT_MS = 3_000;
/** Updates that load from other services at once: each may hold 10 MB meanwhile. */
const MAX_CONCURRENT_LOADS = 8;
const CHECK_ALIVE_MS = 15_000;
/** Finds ended sessions whose event was missed while the broker was unavailable. */
const CHECK_SESSIONS_MS = 30_000;
/** The most ids in one request to the user service. */
const MAX_SESSION_IDS = 1_000;

const connections = new Gauge({
  name: 'bazaar_live_connections',
  help: 'Open WebSocket connections',
  labelNames: ['service'] as const,
});

type Client = Context<Record<string, unknown>, SubscriptionSocket>;

/**
 * Subscriptions over WebSocket at the path of the HTTP API, by the protocol of graphql-ws only. A client sends its token when it
 * connects (`connectionParams: { Authorization: 'Bearer …' }`) and is disconnected when its session ends.
 */
@Injectable()
export class SubscriptionServer {
  private readonly sockets = new Set<SubscriptionSocket>();
  private readonly unread = new UnreadBytes();
  private readonly loads = new Turns(MAX_CONCURRENT_LOADS);
  private readonly server = new WebSocketServer({
    noServer: true,
    path: '/graphql',
    maxPayload: MAX_PAYLOAD,
    handleProtocols,
    verifyClient: (info: { req: IncomingMessage }, answer) => verifyOrigin(this.config)(info, answer),
    autoPong: false, // SubscriptionSocket sends pongs, and counts their bytes
  });
  private readonly protocol = makeServer<Record<string, unknown>, SubscriptionSocket>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    onConnect: (client) => this.connect(client),
    onSubscribe: async (client, id, payload) => {
      const began = performance.now();
      const operation = await this.subscriptionOf(client, id, payload);
      if (!('document' in operation)) measureOperation(undefined, operation.map(codeOf), began);
      return operation;
    },
    subscribe: async (args) => {
      const began = performance.now();
      const result = await subscribe(args as SubscriptionArgs);
      const codes = 'errors' in result ? (result.errors ?? []).map(codeOf) : [];
      measureOperation(getOperationAST(args.document, args.operationName), codes, began);
      return result;
    },
    onNext: (_client, _id, _payload, _args, { errors, ...result }) => ({
      ...result,
      ...(errors && { errors: errors.map(formatted) }),
    }),
    onError: ({ extra: socket }, _id, _payload, errors) => {
      if (!errors.some(({ originalError }) => originalError instanceof SlowConsumer)) return errors.map(formatted);
      socket.cutOff();
      return [];
    },
  });

  constructor(
    host: HttpAdapterHost,
    endedSessions: EndedSessions,
    missedEvents: MissedEvents,
    private readonly config: GatewayConfig,
    private readonly limits: RateLimits,
    private readonly addresses: AddressLimit,
    private readonly schemaHost: GraphQLSchemaHost,
    private readonly bearer: BearerStrategy,
    @InjectClient(users) private readonly userService: UserClient,
  ) {
    const fastify = host.httpAdapter.getInstance<FastifyInstance>();
    // Some clients offer HTTP/2 with every request; they get HTTP/1.1.
    Object.assign(fastify.server, { shouldUpgradeCallback: isForWebSocket });
    fastify.server.on(
      'upgrade',
      (request: IncomingMessage, connection: Duplex, head: Buffer) => void this.upgrade(request, connection, head),
    );
    endedSessions.onEnded((sessionIds) => this.closeSessions(sessionIds));
    missedEvents.onMissed(() =>
      this.closeAll(SERVICE_RESTART, 'Events may have been missed: reconnect and read again'),
    );
    const timers = [
      setInterval(() => this.sockets.forEach((socket) => socket.checkAlive()), CHECK_ALIVE_MS).unref(),
      setInterval(() => void this.checkSessions(), CHECK_SESSIONS_MS).unref(),
    ];
    // The HTTP server's own close would wait for the sockets.
    fastify.addHook('preClose', async () => {
      timers.forEach(clearInterval);
      await this.close();
    });
  }

  private async upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const address = this.addresses.addressOf(request);
    const ignore = () => {}; // 'close' follows
    connection.on('error', ignore);
    try {
      await this.limits.charge([requestFrom(address)]);
    } catch (error) {
      const retryAfter = String(AppError.from(error).details?.retryAfter);
      const lines = ['HTTP/1.1 429 Too Many Requests', `Retry-After: ${retryAfter}`, 'Connection: close', '', ''];
      connection.end(lines.join('\r\n'));
      return;
    }
    connection.off('error', ignore);
    if (!connection.destroyed)
      this.server.handleUpgrade(request, connection, head, (socket) => this.open(socket, address));
  }

  private open(socket: WebSocket, address: string): void {
    const countMessage = () => this.limits.charge([requestFrom(address)]);
    const client = new SubscriptionSocket(socket, address, this.unread, countMessage);
    this.sockets.add(client);
    connections.inc({ service: 'gateway' });
    const closed = this.protocol.opened(client, client);
    socket.once('close', (code, reason) => {
      this.sockets.delete(client);
      connections.dec({ service: 'gateway' });
      void closed(code, reason.toString());
    });
  }

  private async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.closeAll(GOING_AWAY, 'The server is stopping');
    await closed;
  }

  private closeAll(code: number, reason: string): void {
    for (const socket of this.sockets) socket.close(code, reason);
  }

  private async connect({ connectionParams, extra: socket }: Client): Promise<boolean> {
    try {
      const session = await this.bearer.sessionOf(authorizationOf(connectionParams) ?? '');
      if (!session) {
        socket.close(CloseCode.Unauthorized, 'An access token is required');
        return false;
      }
      addToScope({ userId: session.userId });
      const others = [...this.sockets].filter((other) => other.session?.userId === session.userId);
      const limit = this.config.MAX_SOCKETS_PER_USER;
      if (others.length < limit) socket.session = session;
      else socket.close(TRY_AGAIN_LATER, `The limit of WebSockets per user is ${limit}`);
    } catch (error) {
      if (AppError.from(error).code === 'UNAUTHENTICATED')
        socket.close(CloseCode.Forbidden, 'The access token is not valid');
      else socket.close(TRY_AGAIN_LATER, 'The access token cannot be checked now');
    }
    return socket.session !== undefined;
  }

  private async subscriptionOf(
    { connectionParams, subscriptions, extra: socket }: Client,
    id: string,
    payload: SubscribePayload,
  ): Promise<SubscriptionArgs | readonly GraphQLError[]> {
    const limit = this.config.MAX_SUBSCRIPTIONS_PER_SOCKET;
    // `subscriptions` also has those whose refusal is being sent.
    const active = socket.accepted.filter((other) => other in subscriptions);
    if (active.length >= limit) {
      const message = `The limit of subscriptions per WebSocket is ${limit}`;
      return [refusal(new AppError('OPERATION_TOO_COMPLEX', message, { limit, actual: active.length + 1 }))];
    }
    socket.accepted = [...active, id];
    try {
      const amount = chargeOfDocument(payload.query);
      await this.limits.charge([{ limit: 'address-cost', client: socket.address, amount }]);
    } catch (error) {
      return [refusal(AppError.from(error))];
    }
    const operation = subscriptionOf(this.schemaHost.schema, payload, this.config);
    // The guard checks the token again: a subscription lasts as long as its session, but a new one needs a valid token.
    const req = { headers: { authorization: authorizationOf(connectionParams) }, ip: socket.address };
    if (!('document' in operation)) return operation;
    // One of a socket waits at a time, so that a client with many subscriptions does not delay the others.
    const inTurn: SubscriptionArgs['inTurn'] = (execute) =>
      operation.loads ? socket.loads.run(() => this.loads.run(execute)) : execute();
    return { ...operation, contextValue: { req }, inTurn };
  }

  private async checkSessions(): Promise<void> {
    const ids = [...new Set([...this.sockets].flatMap(({ session }) => session?.sessionId ?? []))];
    for (let from = 0; from < ids.length; from += MAX_SESSION_IDS) {
      // If the user service is unavailable, no client is disconnected.
      const ended = this.userService.endedSessions({ ids: ids.slice(from, from + MAX_SESSION_IDS) });
      this.closeSessions(await ended.catch(() => []));
    }
  }

  private closeSessions(sessionIds: readonly string[]): void {
    const ended = new Set(sessionIds);
    for (const socket of this.sockets)
      if (socket.session && ended.has(socket.session.sessionId))
        socket.close(CloseCode.Forbidden, 'The session has ended');
  }
}

const isForWebSocket = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket';

function authorizationOf(params: Record<string, unknown> = {}): string | undefined {
  const authorization = params.Authorization ?? params.authorization;
  return typeof authorization === 'string' ? authorization : undefined;
}

const formatted = (error: GraphQLError) => formatError(error.toJSON(), error);
