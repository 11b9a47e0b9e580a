/** An eighth of the memory of a gateway's container: 32 clients that do not read. */
const MAX_UNREAD_BYTES_OF_ALL = 64 * 1024 * 1024;

interface Socket {
  terminate(): void;
}

/** The bytes that wait for all clients of this process. If there are too many, the sockets that hold the most are terminated. */
export class UnreadBytes {
  private readonly bySocket = new Map<Socket, number>();
  private total = 0;

  constructor(private readonly limit = MAX_UNREAD_BYTES_OF_ALL) {}

  /** @returns a function to call when the bytes are written, or dropped with the socket. */
  add(socket: Socket, bytes: number): () => void {
    this.count(socket, bytes);
    if (this.total > this.limit) this.terminateLargest();
    return () => this.count(socket, -bytes);
  }

  private count(socket: Socket, bytes: number): void {
    const held = (this.bySocket.get(socket) ?? 0) + bytes;
    if (held > 0) this.bySocket.set(socket, held);
    else this.bySocket.delete(socket);
    this.total += bytes;
  }

  /** The bytes of a terminated socket count until they are dropped, which is soon. */
  private terminateLargest(): void {
    let excess = this.total - this.limit;
    for (const [socket, held] of [...this.bySocket].sort(([, a], [, b]) => b - a)) {
      if (excess <= 0) return;
      socket.terminate();
      excess -= held;
    }
  }
}
