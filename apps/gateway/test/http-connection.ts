import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { GatewayUnderTest } from './gateway-under-test.js';

/** A TCP connection to the gateway, and everything received on it. */
export class HttpConnection {
  received = '';
  private readonly socket: Socket;

  constructor(gateway: GatewayUnderTest) {
    const { port } = gateway.app.getHttpServer().address() as AddressInfo;
    this.socket = connect(port, '127.0.0.1').setEncoding('utf8');
    this.socket.on('data', (text: string) => (this.received += text));
  }

  send(query: string) {
    const body = JSON.stringify({ query });
    this.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  write(text: string) {
    this.socket.write(text);
  }

  async ended(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, 'close');
    return this.received;
  }

  abort() {
    this.socket.destroy();
  }
}
