import { eventually } from '@app/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HttpUnderTest } from '../../test/http-under-test.js';

let http: HttpUnderTest;
afterEach(() => http?.close());

describe('on shutdown', () => {
  test('requests are answered until the delay has passed, with Connection: close', async () => {
    http = await HttpUnderTest.start({ SHUTDOWN_DELAY_MS: 1_000 });
    const idle = await http.connect();
    await idle.answerTo('/health/live');
    const closing = http.app.close();
    await eventually(async () => expect((await http.app.inject('/health/ready')).statusCode).toBe(503));
    for (const client of [idle, await http.connect()])
      expect(await client.answerTo('/health/live')).toMatch(/^HTTP\/1.1 200 .*connection: close\r\n/is);
    await closing;
    await expect(http.connect()).rejects.toThrow('ECONNREFUSED');
  });

  test('a request that has arrived is answered, and its connection closes', async () => {
    http = await HttpUnderTest.start({ SHUTDOWN_DELAY_MS: 0 });
    const client = await http.connect();
    client.get('/held');
    await eventually(() => expect(http.heldRequests).toBe(1));
    const began = performance.now();
    const closing = http.app.close();
    await eventually(() => expect(http.app.getHttpServer().listening).toBe(false));
    http.release();
    await closing;
    expect(client.received).toMatch(/^HTTP\/1.1 200 .*connection: close\r\n.*released$/is);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('idle and silent connections do not delay it', async () => {
    http = await HttpUnderTest.start({ SHUTDOWN_DELAY_MS: 0 });
    const idle = await http.connect();
    await idle.answerTo('/health/live');
    const silent = await http.connect();
    const began = performance.now();
    await http.app.close();
    expect(performance.now() - began).toBeLessThan(5_000);
    await Promise.all([idle.closed, silent.closed]);
  });
});
