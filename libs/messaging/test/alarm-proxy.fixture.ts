import { TestBroker } from '@app/testing';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A frame has a type, a channel and a size before its payload, and one byte after it. */
const FRAME_OVERHEAD = 8;
const PROTOCOL_HEADER_BYTES = 8;
const CONNECTION_BLOCKED = [0, 10, 0, 60];
const CONNECTION_UNBLOCKED = [0, 10, 0, 61];
const BASIC_PUBLISH = [0, 60, 0, 40];

interface Link {
  near: Socket;
  far: Socket;
  /** The bytes that the broker has not read, starting with the first message published during the alarm. */
  unread?: Buffer[];
}

/** A proxy that simulates an alarm of RabbitMQ: it sends connection.blocked to connections that publish, and stops reading. */
export class AlarmProxy {
  private readonly links = new Set<Link>();
  private alarm?: string;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async listen({ url: targetUrl }: TestBroker): Promise<AlarmProxy> {
    const target = new URL(targetUrl);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(targetUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    const proxy = new AlarmProxy(server, url.href);
    server.on('connection', (near) => proxy.join(near, connect(Number(target.port || 5672), target.hostname)));
    return proxy;
  }

  raise(reason: string): void {
    this.alarm = reason;
  }

  clear(): void {
    this.alarm = undefined;
    for (const link of this.links) {
      if (!link.unread) continue;
      link.near.write(methodFrame(CONNECTION_UNBLOCKED));
      for (const frame of link.unread) link.far.write(frame);
      link.unread = undefined;
    }
  }

  async close(): Promise<void> {
    for (const { near } of this.links) near.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(near: Socket, far: Socket): void {
    const link: Link = { near, far };
    this.links.add(link);
    near.setNoDelay(true);
    far.setNoDelay(true);
    onFrames(near, PROTOCOL_HEADER_BYTES, (frame) => this.published(link, frame));
    onFrames(far, 0, (frame) => near.write(frame));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.links.delete(link);
        other.destroy();
      });
    }
  }

  private published(link: Link, frame: Buffer): void {
    if (link.unread) link.unread.push(frame);
    else if (this.alarm !== undefined && isMethod(frame, BASIC_PUBLISH)) {
      link.unread = [frame];
      const reason = Buffer.from(this.alarm);
      link.near.write(methodFrame([...CONNECTION_BLOCKED, reason.length, ...reason]));
    } else link.far.write(frame);
  }
}

const isMethod = (frame: Buffer, method: number[]) =>
  frame[0] === 1 && frame.subarray(7, 11).equals(Buffer.from(method));

function methodFrame(payload: number[]): Buffer {
  return Buffer.from([1, 0, 0, 0, 0, 0, payload.length, ...payload, 0xce]);
}

/** Calls back with all bytes before the first frame, then with each complete frame. */
function onFrames(socket: Socket, headerBytes: number, take: (frame: Buffer) => void): void {
  let bytes = Buffer.alloc(0);
  let before = headerBytes;
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const length = before || (bytes.length >= FRAME_OVERHEAD ? FRAME_OVERHEAD + bytes.readUInt32BE(3) : Infinity);
      if (bytes.length < length) return;
      take(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
      before = 0;
    }
  });
}
