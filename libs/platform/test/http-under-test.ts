import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { DatabaseServiceConfig } from '../src/config/service-config.js';
import { PlatformUnderTest } from './platform-under-test.js';

/** More than the kernel buffers for a client that does not read. */
const LARGE = 'x'.repeat(32 * 2 ** 20);

@Controller()
class TestController {
  requests = 0;
  private release: () => void;
  private readonly released = new Promise<void>((resolve) => (this.release = resolve));

  @Post('echo')
  echo(@Body() body: unknown) {
    return body;
  }

  @Get('large')
  large() {
    return LARGE;
  }

  @Get('held')
  async held() {
    this.requests++;
    await this.released;
    return 'released';
  }

  releaseAll() {
    this.release();
  }
}

@Module({ controllers: [TestController] })
class TestModule {}

export class TestConfig extends DatabaseServiceConfig {
  proxies: string[] = [];

  override get trustedProxies() {
    return this.proxies;
  }

  override get http() {
    return { ...super.http, trustProxy: this.proxies.length > 0 && this.proxies };
  }
}

/** A service that serves HTTP, and raw connections to it. */
export class HttpUnderTest {
  private readonly port: number;

  private constructor(
    private readonly platform: PlatformUnderTest,
    readonly app: NestFastifyApplication,
  ) {
    ({ port: this.port } = app.getHttpServer().address() as AddressInfo);
  }

  static async start(settings: Partial<TestConfig> = {}): Promise<HttpUnderTest> {
    const platform = await PlatformUnderTest.create();
    return new HttpUnderTest(
      platform,
      await platform.start({ module: TestModule, config: new TestConfig(), settings }),
    );
  }

  /** Requests to /held that have arrived. */
  get heldRequests(): number {
    return this.app.get(TestController).requests;
  }

  /** Answers the requests to /held. */
  release(): void {
    this.app.get(TestController).releaseAll();
  }

  async connect(): Promise<HttpConnection> {
    const socket = connect(this.port, '127.0.0.1');
    await once(socket, 'connect');
    this.platform.onClose(() => socket.destroy());
    return new HttpConnection(socket);
  }

  connectMany(count: number): Promise<HttpConnection[]> {
    return Promise.all(Array.from({ length: count }, () => this.connect()));
  }

  openConnections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.app
        .getHttpServer()
        .getConnections((error: Error | null, count: number) => (error ? reject(error) : resolve(count)));
    });
  }

  async close(): Promise<void> {
    this.release();
    await this.platform.close();
  }
}

/** One connection of a client. */
export class HttpConnection {
  /** All data received so far. */
  received = '';
  readonly closed: Promise<unknown>;

  constructor(readonly socket: Socket) {
    socket.setEncoding('utf8').on('data', (text: string) => (this.received += text));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  /** @param from the client's address, where the service trusts loopback as a proxy. */
  get(path: string, from = '192.0.2.1'): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: ${from}\r\n\r\n`);
  }

  /** Sends a request and waits for the response. */
  async answerTo(path: string): Promise<string> {
    const before = this.received.length;
    const answered = once(this.socket, 'data');
    this.get(path);
    await answered;
    return this.received.slice(before);
  }
}
