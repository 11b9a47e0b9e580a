import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newCustomer, type Customer } from '../../client.js';
import { ServicesStack } from '../../services-stack.js';

/** The memory limit of a gateway's container. */
const MEMORY_LIMIT = 512 * 2 ** 20;
const MAX_ANSWER_BYTES = 4 * 2 ** 20;
const AT_ONCE = 8;

let stack: ServicesStack;
let caller: Customer;

beforeAll(async () => {
  // The heap that Node takes by itself in a container of this size.
  stack = await ServicesStack.start({ environmentOf: { gateway: { NODE_OPTIONS: '--max-old-space-size=256' } } });
  caller = await newCustomer(stack.url);
  // The longest descriptions that earlier releases accepted, of the characters that are longest in JSON.
  await stack.databases.product.query(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     select gen_random_uuid(), 'Old ' || i, 100, 1, repeat(chr(1), 10000), '${caller.id}', 1, now(), now()
     from generate_series(1, 100) i`,
  );
});

afterAll(() => stack?.stop());

const peakBytes = () => stack.apps.gateway[0]!.peakBytes();

/** Resolves when the gateway does nothing more: it uses less than 5% of a processor. */
async function whenIdle(): Promise<void> {
  for (let before = -Infinity; ;) {
    const cpuSeconds = Number(/^process_cpu_seconds_total\S* (\S+)$/m.exec(await stack.metrics())![1]);
    if (cpuSeconds - before < 0.1) return;
    before = cpuSeconds;
    await sleep(2_000);
  }
}

const aliased = (field: string, prefix = 'a') =>
  Array.from({ length: 30 }, (_, i) => `${prefix}${i}: ${field}`).join(' ');
const unknownToken = () => {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${part({ alg: 'ES256', kid: randomUUID() })}.${part({ sub: randomUUID() })}.${'x'.repeat(86)}`;
};

test.each([
  [
    'long texts, by aliases',
    () => `{ productConnection(first: 100) { edges { node { ${aliased('description')} } } } }`,
  ],
  ['long texts in whole lists', () => `{ products { ${aliased('description').slice(0, 300)} } }`],
  ['long field names', () => `{ products { ${aliased('stock', 'a'.repeat(95))} } }`],
  ['resolvers, by aliases', () => `{ products { ${aliased('seller { id name email }')} } }`],
  ['invalid documents', () => `{ ${aliased(`nothing${randomUUID().slice(0, 8)}`)} }`],
])('a gateway stays within its memory limit with %s', async (_, query) => {
  for (let round = 0; round < 3; round++) {
    const answers = Array.from({ length: AT_ONCE }, () => caller.post(JSON.stringify({ query: query() })));
    for (const { body } of await Promise.all(answers)) expect(body.length).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
  }
  expect(await peakBytes()).toBeLessThan(MEMORY_LIMIT);
});

test('a gateway stays within its memory limit with tokens of unknown keys, and still answers', async () => {
  for (let round = 0; round < 15; round++) {
    const answers = Array.from({ length: 100 }, () =>
      caller.post(JSON.stringify({ query: '{ me { id } }' }), { authorization: `Bearer ${unknownToken()}` }),
    );
    for (const { body } of await Promise.all(answers)) expect(body).toContain('UNAUTHENTICATED');
  }
  expect(await peakBytes()).toBeLessThan(MEMORY_LIMIT);
  expect(await caller.user(caller.id)).toMatchObject({ id: caller.id });
});

test.each([
  ['of one client', 1, 120],
  ['of several clients', AT_ONCE, 16],
  ['of many clients', 100, 16],
])(
  'a gateway stays within its memory under pipelined requests %s that do not read, and all goes on',
  async (_, clients, requests) => {
    const body = JSON.stringify({ query: '{ productConnection(first: 50) { edges { node { description } } } }' });
    const head = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const sockets = Array.from({ length: clients }, () => {
      const socket = connect(Number(new URL(stack.url).port), '127.0.0.1').pause();
      socket.on('error', () => {}).write(`${head}${body}`.repeat(requests));
      return socket;
    });
    await whenIdle();
    expect(await peakBytes()).toBeLessThan(MEMORY_LIMIT);
    expect(await caller.user(caller.id)).toMatchObject({ id: caller.id });
    sockets.forEach((socket) => socket.destroy());
  },
);
