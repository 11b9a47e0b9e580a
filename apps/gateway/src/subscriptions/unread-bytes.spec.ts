import { EventEmitter } from 'node:events';
import { beforeEach, expect, it, jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { SubscriptionSocket } from './subscription-socket.js';
import { UnreadBytes } from './unread-bytes.js';

class Socket {
  isTerminated = false;
  terminate() {
    this.isTerminated = true;
  }
}

let unread: UnreadBytes;
let sockets: Socket[];

beforeEach(() => {
  unread = new UnreadBytes(100);
  sockets = Array.from({ length: 4 }, () => new Socket());
});

const terminated = () => sockets.map(({ isTerminated }) => isTerminated);

it('terminates the sockets that hold the most, and no more than needed', () => {
  for (const [index, bytes] of [10, 30, 20, 40].entries()) unread.add(sockets[index]!, bytes);
  expect(terminated()).toEqual([false, false, false, false]);
  unread.add(sockets[0]!, 45); // it holds 55 now
  expect(terminated()).toEqual([true, false, false, false]);
});

it('terminates several sockets if one is not enough', () => {
  for (const [index, bytes] of [10, 40, 50].entries()) unread.add(sockets[index]!, bytes);
  unread.add(sockets[3]!, 90);
  expect(terminated()).toEqual([false, false, false, true]);
  unread.add(sockets[0]!, 20);
  expect(terminated()).toEqual([false, false, true, true]);
});

it('does not count bytes that are written', () => {
  const written = unread.add(sockets[0]!, 100);
  written();
  for (let i = 0; i < 1_000; i++) unread.add(sockets[1]!, 100)();
  unread.add(sockets[2]!, 100);
  expect(terminated()).toEqual([false, false, false, false]);
});

it('counts the messages and pongs of every socket, in bytes', async () => {
  const connect = () => {
    const send = jest.fn<(message: string, written: () => void) => void>();
    const pong = jest.fn<(data: Buffer, mask: undefined, written: () => void) => void>();
    const socket = Object.assign(new EventEmitter(), {
      readyState: WebSocket.OPEN,
      bufferedAmount: 0,
      send,
      pong,
      terminate: jest.fn(),
    });
    return { socket, client: new SubscriptionSocket(socket as unknown as WebSocket, '', unread, async () => {}) };
  };
  const [first, second] = [connect(), connect()];
  const sent = first.client.send('\u4e00'.repeat(20)); // 60 bytes
  second.socket.emit('ping', Buffer.alloc(40));
  expect(first.socket.terminate).not.toHaveBeenCalled();
  first.socket.send.mock.calls[0]![1]();
  await sent;
  second.socket.pong.mock.calls[0]![2]();
  void first.client.send('\u4e00'.repeat(20));
  second.socket.emit('ping', Buffer.alloc(41));
  expect(first.socket.terminate).toHaveBeenCalled();
  expect(second.socket.terminate).not.toHaveBeenCalled();
});
