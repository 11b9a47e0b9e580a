import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newCustomer, type Answer, type Customer } from './client.js';
import { ATTACKS } from './hostile-documents/generated.js';
import { startStack, type Stack } from './stack.js';

const folder = join(import.meta.dirname, 'hostile-documents');

const QUESTION_ABOUT_THE_SCHEMA = `{ __schema { types { name kind description inputFields { name description }
  fields { name description args { name description type { name ofType { name } } } type { name ofType { name } } } } } }`;

/** Each begins with a comment: the code, and what is hostile. */
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

/** The code. @throws when something is answered all the same. */
async function refusalOf(body: string) {
  const answer = JSON.parse((await caller.post(body)).body) as Answer<Record<string, unknown>>;
  if (Object.values(answer.data ?? {}).some((value) => value !== null)) throw new Error('Not refused');
  return answer.errors?.[0]?.extensions.code;
}

/** What the gateway tells Prometheus: the sum of a metric. */
async function metric(name: string, isCounted = (_labels: string) => true): Promise<number> {
  const text = await stack.metrics();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes('service="gateway"') && isCounted(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Tokens are remembered for a few seconds only, and asking about one is no part of the operation. */
const requestsToServices = () =>
  metric('bazaar_request_client_duration_seconds_count', (labels) => !labels.includes('"user.validateToken"'));

describe('is refused before anything of it runs:', () => {
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

  test('and what is not is answered, and counted', async () => {
    const before = await requestsToServices();
    await caller.users();
    expect(await requestsToServices()).toBeGreaterThan(before);
  });
});

describe('ten times the hostility', () => {
  const [TRIES, REPEATS] = [3, 20];
  const cpuSecondsOf = async (nextBody: () => string) => {
    const before = await metric('process_cpu_seconds_total');
    for (let i = 0; i < REPEATS; i++) await caller.post(nextBody());
    return (await metric('process_cpu_seconds_total')) - before;
  };
  /** What disturbs one try is no cost of the documents. */
  const leastCpuSecondsOf = async (nextBody: () => string) => {
    const tries: number[] = [];
    while (tries.length < TRIES) tries.push(await cpuSecondsOf(nextBody));
    return Math.min(...tries);
  };

  let count = 0;
  /** The same with a comment, so that no cache knows it; but for those that are asked for by their hash. */
  const unseen = (body: string) =>
    body.includes('sha256Hash') ? body : body.replace(/"query": ?"/, (begin) => `${begin}#${count++}\\n`);

  /** What ten questions of a tool about the schema cost. */
  let allowed: number;
  beforeAll(async () => {
    const body = JSON.stringify({ query: QUESTION_ABOUT_THE_SCHEMA });
    await cpuSecondsOf(() => body);
    allowed = 10 * (await cpuSecondsOf(() => body));
  });

  test.each(ATTACKS)('takes no more CPU for it: $name', async ({ body }) => {
    const [small, large] = [body(1), body(10)];
    const once = await leastCpuSecondsOf(() => unseen(small));
    const tenfold = await leastCpuSecondsOf(() => unseen(large));
    // Reading the bytes of a body is the only thing that grows with it.
    expect(tenfold).toBeLessThan(5 * once + allowed);
  });

  test('leaves nothing behind in memory', async () => {
    const send = async () => {
      for (const { body } of ATTACKS) await caller.post(unseen(body(10)));
      return metric('nodejs_heap_size_used_bytes');
    };
    const after = [];
    for (let round = 0; round < 6; round++) after.push(await send());
    expect(after.at(-1)! - after[0]!).toBeLessThan(150 * 2 ** 20);
  });
});

test('all goes on as ever', async () => {
  expect(await caller.products()).toBeInstanceOf(Array);
});
