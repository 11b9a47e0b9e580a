import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newCustomer, type Answer, type Customer } from './client.js';
import { ATTACKS } from './hostile-documents/generated.js';
import { startStack, type Stack } from './stack.js';

const folder = join(import.meta.dirname, 'hostile-documents');

const QUESTION_ABOUT_THE_SCHEMA = `{ __schema { types { name kind description inputFields { name description }
  fields { name description args { name description type { name ofType { name } } } type { name ofType { name } } } } } }`;

/** Each file begins with a comment: the expected code, and a description. */
const DOCUMENTS = readdirSync(folder)
  .filter((file) => file.endsWith('.graphql'))
  .map((file) => {
    const query = readFileSync(join(folder, file), 'utf8');
    const [, code, what] = /^# (\w+): (.*)/.exec(query)!;
    return { file, code, what, query };
  });

let stack: Stack;
let caller: Customer;

beforeAll(async () => {
  stack = await startStack();
  caller = await newCustomer(stack.url);
  await caller.products();
});

afterAll(() => stack?.stop());

/** The error code. @throws if an operation succeeded. */
async function refusalOf(body: string) {
  const answer = JSON.parse((await caller.post(body)).body) as Answer<Record<string, unknown>>;
  if (Object.values(answer.data ?? {}).some((value) => value !== null)) throw new Error('This did not fail');
  return answer.errors?.[0]?.extensions.code;
}

/** The sum of a metric of the gateway. */
async function metric(name: string, isCounted = (_labels: string) => true): Promise<number> {
  const text = await stack.metrics();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes('service="gateway"') && isCounted(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Without the validation of the token, which the gateway repeats every few seconds. */
const requestsToServices = () =>
  metric('bazaar_request_client_duration_seconds_count', (labels) => !labels.includes('"user.validateToken"'));

describe('is rejected before execution:', () => {
  const refused = async (body: string) => {
    const before = await requestsToServices();
    return { code: await refusalOf(body), requests: (await requestsToServices()) - before };
  };

  test.each(DOCUMENTS)('$file, $what', async ({ query, code }) => {
    expect(await refused(JSON.stringify({ query }))).toEqual({ code, requests: 0 });
  });

  test.each(ATTACKS)('$name', async ({ body, code }) => {
    expect(await refused(body(1))).toEqual({ code, requests: 0 });
  });

  test.each(ATTACKS)('$name, ten times as many', async ({ body, code }) => {
    expect(Buffer.byteLength(body(10))).toBeLessThan(256 * 1024);
    expect(await refused(body(10))).toEqual({ code, requests: 0 });
  });

  test('a megabyte of braces', async () => {
    expect(await refused('{'.repeat(2 ** 20))).toEqual({ code: 'PAYLOAD_TOO_LARGE', requests: 0 });
  });

  test('but not a valid document, whose requests are counted', async () => {
    const before = await requestsToServices();
    await caller.users();
    expect(await requestsToServices()).toBeGreaterThan(before);
  });
});

describe('a document ten times as large', () => {
  const [TRIES, REPEATS] = [3, 20];
  const cpuSecondsOf = async (nextBody: () => string) => {
    const before = await metric('process_cpu_seconds_total');
    for (let i = 0; i < REPEATS; i++) await caller.post(nextBody());
    return (await metric('process_cpu_seconds_total')) - before;
  };
  /** The minimum, because other processes disturb some tries. One below the limit is enough. */
  const leastCpuSecondsOf = async (nextBody: () => string, limit = 0) => {
    const tries: number[] = [];
    do tries.push(await cpuSecondsOf(nextBody));
    while (tries.length < TRIES && tries.at(-1)! >= limit);
    return Math.min(...tries);
  };

  let count = 0;
  /** Adds a comment, so that no cache has the document. Not for persisted operations, whose hash would change. */
  const unseen = (body: string) =>
    body.includes('sha256Hash') ? body : body.replace(/"query": ?"/, (begin) => `${begin}#${count++}\\n`);

  /** The cost of ten introspection queries. */
  let allowed: number;
  beforeAll(async () => {
    const body = JSON.stringify({ query: QUESTION_ABOUT_THE_SCHEMA });
    await cpuSecondsOf(() => body);
    allowed = 10 * (await cpuSecondsOf(() => body));
  });

  test.each(ATTACKS)('does not take ten times the CPU: $name', async ({ body }) => {
    const [small, large] = [body(1), body(10)];
    const once = await leastCpuSecondsOf(() => unseen(small));
    // Only reading the body may grow with its size.
    const limit = 5 * once + allowed;
    expect(await leastCpuSecondsOf(() => unseen(large), limit)).toBeLessThan(limit);
  });

  test('does not leak memory', async () => {
    const send = async () => {
      for (const { body } of ATTACKS) await caller.post(unseen(body(10)));
      return metric('nodejs_heap_size_used_bytes');
    };
    const after = [];
    for (let round = 0; round < 6; round++) after.push(await send());
    expect(after.at(-1)! - after[0]!).toBeLessThan(150 * 2 ** 20);
  });
});

test('the gateway still answers', async () => {
  expect(await caller.products()).toBeInstanceOf(Array);
});
