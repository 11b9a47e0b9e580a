import { products, SERVICES } from '@app/contracts';
import { cloudEvent, InProcessTransport } from '@app/messaging';
import { createDatabase } from '@app/platform';
import { EmbeddedPostgres } from '@app/embedded-postgres';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'dist', 'apps', 'standalone', 'main.js');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bazaar-commands-'));
});

afterEach(async () => {
  if (existsSync(join(folder, 'postgres'))) await (await EmbeddedPostgres.start(folder)).stop();
  await rm(folder, { recursive: true });
});

/** Runs the built standalone until it exits. @returns its exit code and output. */
async function run(args: string[], env: Record<string, string> = {}): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH, DATA_DIR: folder, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

describe('the standalone', () => {
  test('reports a port in use in one line, and leaves no PostgreSQL running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const { code, output } = await run([], { PORT: String(port) });
      expect(code).toBe(1);
      expect(output).toMatch(new RegExp(`^Port ${port} is in use by another program.*\n$`));
    } finally {
      other.close();
    }
    await expect(stat(join(folder, 'postgres', 'data', 'postmaster.pid'))).rejects.toThrow('ENOENT');
  });

  test('reports all invalid settings at once', async () => {
    const { code, output } = await run([], { PORT: 'many', LOG_LEVEL: 'loud' });
    expect(code).toBe(1);
    expect(output).toContain('PORT must be an integer');
    expect(output).toContain('LOG_LEVEL must be one of');
    expect(output).not.toContain('    at ');
  });
});

describe('dead-letters', () => {
  /** Dead-letters an event after the first attempt, as the running standalone would after several. */
  async function deadLetter(id: string, reason: string) {
    const server = await EmbeddedPostgres.start(folder);
    const databaseUrl = server.url('bazaar_broker');
    await createDatabase(databaseUrl);
    const transport = new InProcessTransport({ databaseUrl, retryDelaysMs: [] });
    const receiver = transport.eventServer('order');
    const type = products.events.stockReserved.pattern;
    receiver.addHandler(type, () => Promise.reject(new Error(reason)), true);
    await new Promise<void>((resolve) => receiver.listen(() => resolve()));
    const event = cloudEvent({ id, type, data: { orderId: randomUUID() }, time: new Date(), traceparent: null });
    await lastValueFrom(transport.eventPublisher().emit(type, event), { defaultValue: undefined });
    await eventually(async () => expect(await transport.deadLetters('order')).toHaveLength(1));
    await transport.close();
  }

  test('lists dead letters and redelivers them', async () => {
    const id = randomUUID();
    await deadLetter(id, 'out of order');

    const listed = await run(['dead-letters', 'order', 'list']);
    expect(listed.output).toMatch(new RegExp(`product.stockReserved.*${id}.*1 attempts.*out of order`));
    expect((await run(['dead-letters', 'order', 'redeliver', id])).output).toBe('1 redelivered to order.\n');
    expect(await run(['dead-letters', 'order', 'list'])).toEqual({ code: 0, output: 'order has no dead letters.\n' });
  });

  test('rejects an unknown service', async () => {
    const { code, output } = await run(['dead-letters', 'payments', 'list']);
    expect({ code, output }).toEqual({
      code: 1,
      output: `Usage: dead-letters ${SERVICES.join('|')} list|redeliver [ID]\n`,
    });
  });
});

describe('admin', () => {
  test('works while Bazaar is stopped, and leaves no PostgreSQL running', async () => {
    expect(await run(['admin', 'list'])).toEqual({ code: 0, output: 'There are no admins.\n' });
    expect(await run(['admin', 'grant', 'nobody@example.com'])).toEqual({
      code: 1,
      output: 'No user has the e-mail nobody@example.com.\n',
    });
    await expect(stat(join(folder, 'postgres', 'data', 'postmaster.pid'))).rejects.toThrow('ENOENT');
  });
});
