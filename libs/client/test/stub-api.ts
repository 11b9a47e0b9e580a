import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';

/** An operation as the API received it. */
export interface Received {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly authorization?: string;
  readonly key?: string;
}

export interface Response {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** JSON, or a text as it is. */
  readonly body: unknown;
}

/** A message of the protocol of graphql-ws. */
interface Message {
  readonly id: string;
  readonly type: string;
  readonly payload: { readonly Authorization?: string; readonly query?: string };
}

export const refusal = (code: string, extensions: object = {}, path?: string[]) => ({
  message: code.toLowerCase(),
  ...(path && { path }),
  extensions: { code, traceId: 't1', ...extensions },
});

/** An API whose answers a test decides. */
export class StubApi {
  readonly received: Received[] = [];
  /** A subscription that is sent again after a reconnect is a new one. */
  readonly subscriptions: { socket: WebSocket; id: string; token: string; query: string; isOver: boolean }[] = [];
  /** @returns nothing to break the connection. */
  respond: (operation: Received, index: number) => Response | undefined | Promise<Response | undefined>;
  /** Tokens that `connection_init` may have. */
  accepts: (token: string) => boolean = () => true;
  /** The error of a new subscription. */
  refuse: (token: string) => object | undefined = () => undefined;
  private readonly frozen = new Set<WebSocket>();

  private readonly server = createServer((request, response) => void this.handle(request, response));
  private readonly sockets = new WebSocketServer({ server: this.server, handleProtocols });

  static async start(): Promise<StubApi> {
    const api = new StubApi();
    api.sockets.on('connection', (socket: WebSocket) => api.open(socket));
    await once(api.server.listen(0, '127.0.0.1'), 'listening');
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/graphql`;
  }

  /** The subscriptions that have not ended. */
  get active() {
    return this.subscriptions.filter(({ isOver }) => !isOver);
  }

  get openSockets(): number {
    return this.sockets.clients.size;
  }

  /** Sends a result to all active subscriptions. */
  publish(payload: object): void {
    for (const { socket, id } of this.active) socket.send(JSON.stringify({ id, type: 'next', payload }));
  }

  closeSockets(code: number, reason = ''): void {
    for (const socket of this.sockets.clients) socket.close(code, reason);
  }

  /** Reads no further messages of the open sockets. */
  freezeSockets(): void {
    for (const socket of this.sockets.clients) this.frozen.add(socket);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    await once(this.server.close(), 'close');
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as Received;
    const { authorization, 'idempotency-key': key } = request.headers as Record<string, string | undefined>;
    const operation = { query, variables, ...(authorization && { authorization }), ...(key && { key }) };
    this.received.push(operation);
    const answer = await this.respond(operation, this.received.length - 1);
    if (!answer) return void request.socket.destroy();
    const { status = 200, headers = {}, body } = answer;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  private open(socket: WebSocket): void {
    let token: string | undefined;
    const end = (ended: (id: string) => boolean) => {
      for (const subscription of this.subscriptions)
        if (subscription.socket === socket && ended(subscription.id)) subscription.isOver = true;
    };
    socket.on('close', () => end(() => true));
    socket.on('message', (data: Buffer) => {
      if (this.frozen.has(socket)) return;
      const { id, type, payload } = JSON.parse(data.toString()) as Message;
      const send = (message: object) => socket.send(JSON.stringify(message));
      if (type === 'ping') send({ type: 'pong' });
      if (type === 'complete') end((each) => each === id);
      if (type === 'connection_init') {
        token = payload.Authorization?.replace('Bearer ', '');
        if (token === undefined) socket.close(4401, 'An access token is required');
        else if (!this.accepts(token)) socket.close(4403, 'The access token is not valid');
        else send({ type: 'connection_ack' });
      }
      if (type === 'subscribe') {
        const error = this.refuse(token!);
        if (error) send({ id, type: 'error', payload: [error] });
        this.subscriptions.push({ socket, id, token: token!, query: payload.query!, isOver: Boolean(error) });
      }
    });
  }
}
