import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { newCustomer, type Answer, type Customer } from '../../client.js';
import { ServicesStack } from '../../services-stack.js';

let stack: ServicesStack;
let caller: Customer;

beforeAll(async () => {
  stack = await ServicesStack.start();
  caller = await newCustomer(stack.url);
});

afterAll(() => stack?.stop());

test('the trace id of an internal error leads to the log of the failing service', async () => {
  await stack.databases.order.query('alter table orders rename column total_cents to lost');
  const traceId = randomBytes(16).toString('hex');
  const response = await fetch(`${stack.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${caller.token}`,
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
    },
    body: JSON.stringify({ query: '{ orders { id } }' }),
  });
  const { errors } = (await response.json()) as Answer<unknown>;
  expect(errors).toMatchObject([
    { message: 'Something went wrong on our side', extensions: { code: 'INTERNAL_SERVER_ERROR', traceId } },
  ]);
  expect(response.headers.get('traceresponse')).toContain(traceId);

  // Further lines of a log entry are indented.
  const entriesOf = (app: 'order' | 'gateway') =>
    stack.apps[app]
      .flatMap(({ output }) => output.split(/\n(?=\S)/))
      .filter((entry) => entry.includes(traceId))
      .join('\n');
  await eventually(() => expect(entriesOf('order')).toMatch(/ERROR.*column .* does not exist/s));
  expect(entriesOf('gateway')).toMatch(/ERROR.*orders failed/s);
});

test('a row that the database rejects is not logged', async () => {
  await stack.databases.user.query(`alter table users add constraint unlucky check (name <> 'Unlikely Name')`);
  const input = { name: 'Unlikely Name', email: 'unlikely@example.com', password: 'an unlikely password' };
  const query = 'mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }';
  await fetch(`${stack.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  await eventually(async () => expect(await stack.output()).toMatch(/ERROR.*violates check constraint "unlucky"/s));
  for (const secret of [...Object.values(input), 'argon2']) expect(await stack.output()).not.toContain(secret);
});
