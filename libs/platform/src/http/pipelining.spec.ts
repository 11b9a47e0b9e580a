import { eventually } from '@app/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpUnderTest } from '../../test/http-under-test.js';

let http: HttpUnderTest;
afterEach(() => http?.close());

const pipelined = (...paths: string[]) => paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join('');
const heldTimes = (count: number) => pipelined(...Array.from({ length: count }, () => '/held'));

describe('pipelined requests', () => {
  test('are answered in order', async () => {
    http = await HttpUnderTest.start({});
    const client = await http.connect();
    client.socket.write(pipelined('/held', '/nothing', '/health/live'));
    await eventually(() => expect(http.heldRequests).toBe(1));
    http.release();
    await eventually(() => expect(client.received).toMatch(/^HTTP\/1.1 200 .*HTTP\/1.1 404 .*HTTP\/1.1 200 /s));
  });

  test('run one at a time', async () => {
    http = await HttpUnderTest.start({});
    const client = await http.connect();
    client.socket.write(heldTimes(3));
    client.socket.write(heldTimes(3));
    await eventually(() => expect(http.heldRequests).toBe(1));
    await sleep(200);
    expect(http.heldRequests).toBe(1);
    http.release();
    await eventually(() => expect(client.received.match(/released/g)).toHaveLength(6));
    expect(http.heldRequests).toBe(6);
  });

  test('may have large bodies', async () => {
    http = await HttpUnderTest.start({});
    const client = await http.connect();
    const body = JSON.stringify(['x'.repeat(200_000)]);
    client.socket.write(
      `${pipelined('/held')}POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(() => expect(http.heldRequests).toBe(1));
    await sleep(100);
    http.release();
    await eventually(() => expect(client.received.endsWith(body)).toBe(true));
  });

  test('do not run until the previous response is received', async () => {
    http = await HttpUnderTest.start({});
    const client = await http.connect();
    client.socket.pause();
    client.socket.write(pipelined('/large', '/held'));
    await sleep(300);
    expect(http.heldRequests).toBe(0);
    client.socket.resume();
    await eventually(() => expect(http.heldRequests).toBe(1));
  });

  test('do not run if the client disconnects', async () => {
    http = await HttpUnderTest.start({});
    const client = await http.connect();
    client.socket.write(heldTimes(3));
    await eventually(() => expect(http.heldRequests).toBe(1));
    client.socket.destroy();
    await eventually(async () => expect(await http.openConnections()).toBe(0));
    http.release();
    await sleep(100);
    expect(http.heldRequests).toBe(1);
  });

  test('close the connection if too many wait', async () => {
    http = await HttpUnderTest.start({});
    const [client, other] = await http.connectMany(2);
    client!.socket.write(heldTimes(17));
    await eventually(() => expect(http.heldRequests).toBe(1));
    await sleep(100);
    expect(client!.socket.closed).toBe(false);
    client!.get('/held');
    await client!.closed;
    expect(await other!.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 /);
    expect(http.heldRequests).toBe(1);
  });
});
