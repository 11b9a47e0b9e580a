import { eventually, removeKeys } from '@app/testing';
import { afterEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { register } from 'prom-client';
import { closeAll, closeLater } from '../../test/closing.js';
import { Redis } from './redis.js';

/** jest.config.mjs runs this spec on the stack with Redis only. */
const redisUrl = process.env.TEST_REDIS_URL!;

afterEach(closeAll);

/** A script that makes the real Redis reply as a replica does to a write. */
const REFUSAL = `return redis.error_reply("READONLY You can't write against a read only replica.")`;
const commandOf = (...words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

/** An address of Redis. After a failover, existing connections reach a replica, and new ones the new primary. */
class FailingOver {
  connections = 0;
  private readonly demoted = new Set<Socket>();
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async listen(target: string): Promise<FailingOver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = new FailingOver(server);
    const { hostname, port } = new URL(target);
    server.on('connection', (client) => address.join(client, connect(Number(port || 6379), hostname)));
    return address;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  failOver(): void {
    for (const socket of this.sockets) this.demoted.add(socket);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(client: Socket, redis: Socket): void {
    this.connections++;
    this.sockets.add(client);
    redis.pipe(client);
    client.on('data', (data) => redis.write(this.demoted.has(client) ? refusingWrites(data.toString()) : data));
    client.on('close', () => redis.destroy());
    for (const socket of [client, redis]) socket.on('error', () => undefined);
  }
}

/** Replaces the commands that write. */
function refusingWrites(commands: string): string {
  return commands
    .split(/(?=^\*\d+\r\n\$)/m)
    .map((command) => (/^\*\d+\r\n\$\d+\r\n(SET|EVAL)\r\n/i.test(command) ? commandOf('EVAL', REFUSAL, '0') : command))
    .join('');
}

async function metric(name: string, labels: string): Promise<number> {
  const line = (await register.getSingleMetricAsString(name)).split('\n').find((text) => text.includes(labels));
  return Number(line?.split(' ').at(-1));
}
/** Undefined before the first one. */
const refusedWrites = async () => (await metric('bazaar_redis_refused_writes_total', 'reason="READONLY"')) || 0;
const isHealthy = () => metric('bazaar_health_status', 'dependency="redis"');

it('reconnects from a demoted primary to the new one, and counts refused writes', async () => {
  const address = await FailingOver.listen(redisUrl);
  closeLater(() => address.close());
  const redis = new Redis(address.url);
  closeLater(() => redis.onApplicationShutdown());
  const key = `test-${randomUUID()}:key`;
  closeLater(() => removeKeys(redisUrl, key));
  const write = (value: string) => redis.write(redis.client.set(key, value));

  redis.connect();
  await eventually(() => write('before'));
  expect(await isHealthy()).toBe(1);
  const refusedBefore = await refusedWrites();

  address.failOver();
  await expect(write('during')).rejects.toThrow('READONLY');
  expect(await redis.read(redis.client.get(key))).toBe('before');
  expect(await refusedWrites()).toBe(refusedBefore + 1);
  expect(await isHealthy()).toBe(0);

  await eventually(() => write('after'));
  expect(await redis.read(redis.client.get(key))).toBe('after');
  expect(await isHealthy()).toBe(1);
  expect(address.connections).toBe(2);
});
