import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getOperationAST, parse } from 'graphql';
import { eventually } from '../libs/testing/src/eventually.js';
import { Documented, filledIn, headersOf, readExamples, type Example } from './api-examples.js';
import { LiveClient } from './live-client.js';
import { startStack, type Stack } from './stack.js';

type Json = Record<string, unknown>;

/** Not those of another run on the same system. */
const ADDRESS = `${randomUUID()}@example.com`;
const examples = JSON.parse(JSON.stringify(readExamples()).replaceAll('asha@example.com', ADDRESS)) as Example[];

const documented = new Documented();
/** The last value of each root field. */
const answers: Json = {};
const sockets: LiveClient[] = [];
/** Checks of the subscriptions, whose updates arrive during later examples. */
const updates: (() => Promise<void>)[] = [];
let stack: Stack;

beforeAll(async () => {
  // Out of reach, so that responses have the headers of the limits.
  stack = await startStack({ environment: { RATE_LIMIT: '1000000', COST_LIMIT: '1000000000' } });
});
afterAll(async () => {
  for (const socket of sockets) await socket.close();
  await stack?.stop();
});

const typeOf = ({ body }: Example) => getOperationAST(parse(body.query))!.operation;

async function send({ headers, body }: Example) {
  const response = await fetch(`${stack.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...filledIn(headers, answers) },
    body: JSON.stringify(filledIn(body, answers)),
  });
  return { response, answer: (await response.json()) as Json };
}

function check(expected: Json, actual: Json) {
  const { data = null, errors = [], extensions = {} } = filledIn(expected, answers);
  expect(documented.like(data, actual.data ?? null)).toEqual(data);
  expect(documented.like(errors, actual.errors ?? [])).toMatchObject(errors as object[]);
  expect(documented.like(extensions, actual.extensions ?? {})).toMatchObject(extensions as object);
}

function checkHead(head: string, { status, headers }: Response) {
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status}\\b`));
  const withoutNumbers = (text: string | null) => text?.replace(/\d+/g, '0');
  for (const [name, value] of Object.entries(headersOf(head)))
    expect(withoutNumbers(headers.get(name))).toBe(withoutNumbers(value));
}

async function run(example: Example) {
  const { response, answer } = await send(example);
  check(example.answer!, answer);
  if (example.head) checkHead(example.head, response);
  Object.assign(answers, answer.data);
}

async function subscribe({ headers, body, answer }: Example) {
  const socket = new LiveClient(stack.url, { Authorization: filledIn(headers, answers).authorization });
  sockets.push(socket);
  const { received } = socket.subscribe(body.query, filledIn(body, answers).variables as Json);
  await socket.listening();
  const [update] = Object.values(answer!.data as Json);
  updates.push(() =>
    eventually(() => expect(received.map((each) => documented.like(update, each))).toContainEqual(update)),
  );
}

test.each(examples)('$title', async (example) => {
  expect(example.answer).toBeDefined();
  const type = typeOf(example);
  if (type === 'subscription') await subscribe(example);
  // What the services do in the background, such as the reservation of stock, becomes visible a moment later.
  else if (type === 'query') await eventually(() => run(example));
  else await run(example);
});

test('each subscription receives its update', async () => {
  expect(updates).not.toEqual([]);
  for (const check of updates) await check();
});
