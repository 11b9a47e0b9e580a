import { eventually } from '@app/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { register } from 'prom-client';
import { type HttpConnection, HttpUnderTest } from '../../test/http-under-test.js';

let http: HttpUnderTest;
afterEach(() => http?.close());

const unsentBytes = async () => {
  const metrics = await register.getMetricsAsJSON();
  return metrics.find(({ name }) => name === 'bazaar_http_unsent_bytes')!.values[0]!.value;
};

const MiB = 2 ** 20;

/** A client that does not read its response of 32 MiB. */
async function silentClient(from: string): Promise<HttpConnection> {
  const client = await http.connect();
  client.socket.pause();
  client.get('/large', from);
  return client;
}

describe('while clients have not received more than MAX_UNSENT_BYTES', () => {
  const start = async () => {
    http = await HttpUnderTest.start({ MAX_UNSENT_BYTES: 80 * MiB, proxies: ['loopback'] });
    const silent = await Promise.all(['192.0.2.2', '192.0.2.3', '192.0.2.4'].map(silentClient));
    await eventually(async () => expect(await unsentBytes()).toBeGreaterThan(80 * MiB));
    return silent[0]!;
  };

  test('requests are refused before they run, until the responses are received', async () => {
    const silent = await start();
    const client = await http.connect();
    expect(await client.answerTo('/held')).toMatch(/^HTTP\/1.1 503 .*retry-after: 1\r\n/is);
    expect(http.heldRequests).toBe(0);
    silent.socket.resume();
    await eventually(async () => expect(await unsentBytes()).toBeLessThan(80 * MiB));
    client.get('/held');
    await eventually(() => expect(http.heldRequests).toBe(1));
  });

  test('health is served', async () => {
    await start();
    expect(await (await http.connect()).answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 /);
  });

  test('a client that disconnects counts no more', async () => {
    const silent = await start();
    silent.socket.destroy();
    await eventually(async () => expect(await unsentBytes()).toBeLessThan(80 * MiB));
    expect(await (await http.connect()).answerTo('/nothing')).toMatch(/^HTTP\/1.1 404 /);
  });

  test('a client that takes seconds is disconnected for the next request', async () => {
    const silent = await start();
    await sleep(2_100);
    expect(silent.socket.closed).toBe(false);
    expect(await (await http.connect()).answerTo('/nothing')).toMatch(/^HTTP\/1.1 404 /);
    await eventually(async () => expect(await http.openConnections()).toBe(3));
  });

  test('one that holds more than half is disconnected at once, and others are served', async () => {
    http = await HttpUnderTest.start({ MAX_UNSENT_BYTES: 90 * MiB, proxies: ['loopback'] });
    const honest = await silentClient('192.0.2.2');
    await eventually(async () => expect(await unsentBytes()).toBeGreaterThan(MiB));
    const attackers = [await silentClient('2001:db8::1'), await silentClient('2001:db8::2')];
    await eventually(async () => expect(await http.openConnections()).toBeLessThan(3));
    expect(await (await http.connect()).answerTo('/nothing')).toMatch(/^HTTP\/1.1 404 /);
    honest.socket.resume();
    await eventually(() => expect(honest.received.length).toBeGreaterThan(32 * MiB));
    attackers.forEach(({ socket }) => socket.destroy());
  });
});

test('a client that disconnects before its response is ready does not count', async () => {
  http = await HttpUnderTest.start({});
  const client = await http.connect();
  client.get('/held');
  await eventually(() => expect(http.heldRequests).toBe(1));
  client.socket.destroy();
  await eventually(async () => expect(await http.openConnections()).toBe(0));
  http.release();
  await sleep(100);
  expect(await unsentBytes()).toBe(0);
});
