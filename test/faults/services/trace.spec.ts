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

test('what a caller is told of a fault of ours is in the log of the service whose fault it is', async () => {
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

  const linesOf = (app: 'order' | 'gateway') =>
    stack.apps[app]
      .map(({ output }) => output)
      .join('')
      .split('\n')
      .filter((line) => line.includes(traceId))
      .join('\n');
  await eventually(() => expect(linesOf('order')).toMatch(/ERROR.*column .* does not exist/));
  expect(linesOf('gateway')).toMatch(/ERROR.*orders failed/);
});
