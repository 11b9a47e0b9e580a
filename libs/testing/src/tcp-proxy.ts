import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const DEFAULT_PORTS: Record<string, number> = { 'amqp:': 5672, 'postgres:': 5432, 'postgresql:': 5432, 'redis:': 6379 };

/** A proxy between a program and a server, so that a test can interrupt and restore the connection. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private open = true;
  private frozen = false;
  private abandoned = new Set<Socket>();
  private target: { port: number; host: string };

  /** The target's URL with the proxy's address. */
  readonly url: string;
  private readonly server: Server;

  private constructor(server: Server, url: string, targetUrl: string) {
    this.server = server;
    this.url = url;
    this.target = addressOf(targetUrl);
  }

  static async listen(targetUrl: string): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(targetUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    const proxy = new TcpProxy(server, url.href, targetUrl);
    server.on('connection', (socket) => proxy.join(socket, connect(proxy.target)));
    return proxy;
  }

  /** Closes every connection, and every new one immediately. */
  cut(): void {
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Keeps connections open and accepts new ones, but forwards no data. */
  freeze(): void {
    this.frozen = true;
    for (const socket of this.sockets) socket.pause();
  }

  restore(): void {
    this.open = true;
    this.frozen = false;
    for (const socket of this.sockets) if (!this.abandoned.has(socket)) socket.resume();
  }

  /** Open connections stay open and silent for ever. New ones reach the server at `targetUrl`. */
  failOver(targetUrl: string): void {
    this.freeze();
    this.frozen = false;
    this.abandoned = new Set(this.sockets);
    this.target = addressOf(targetUrl);
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
      if (this.frozen) socket.pause();
    }
    if (!this.open) near.destroy();
  }
}

function addressOf(url: string): { port: number; host: string } {
  const { port, protocol, hostname } = new URL(url);
  return { port: Number(port || DEFAULT_PORTS[protocol]), host: hostname };
}
