import { beforeEach, expect, it } from '@jest/globals';
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
