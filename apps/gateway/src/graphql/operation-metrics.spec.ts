import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from '@jest/globals';
import { register } from 'prom-client';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { SubscriptionsUnderTest } from '../../test/subscriptions.fixture.js';

beforeEach(() => register.resetMetrics());

const counted = async () => {
  const { values } = await register.getSingleMetric('bazaar_graphql_operation_duration_seconds')!.get();
  return values
    .filter(({ labels }) => String((labels as { le?: unknown }).le) === '+Inf')
    .map(({ labels: { operation, type, outcome }, value }) => [operation, type, outcome, value]);
};

const name = () => `Op${randomUUID().replaceAll('-', '')}`;

it('counts operations by names of the schema, never of the client', async () => {
  const gateway = await GatewayUnderTest.start({ product: { list: async () => [] } });
  for (let i = 0; i < 5; i++) {
    await gateway.graphql(`query ${name()} { ${name()}: products { id } }`);
    await gateway.graphql(`query ${name()} { products { id } more: products { id } }`);
    await gateway.graphql(`query ${name()} { orders { id } }`);
    await gateway.graphql(`query ${name()} { ${name()} }`);
    await gateway.graphql(`${name()} {`);
  }
  await gateway.close();
  expect((await counted()).toSorted()).toEqual([
    ['multiple', 'query', 'OK', 5],
    ['none', 'unknown', 'GRAPHQL_PARSE_FAILED', 5],
    ['none', 'unknown', 'GRAPHQL_VALIDATION_FAILED', 5],
    ['orders', 'query', 'UNAUTHENTICATED', 5],
    ['products', 'query', 'OK', 5],
  ]);
});

it('counts subscriptions once they are active or refused, by the same names', async () => {
  const under = await SubscriptionsUnderTest.start();
  const client = under.connect();
  for (let i = 0; i < 2; i++) {
    client.subscribe(`subscription ${name()} { ${name()}: orderUpdated { id } }`);
    client.subscribe(`subscription ${name()} { ${name()} }`);
    client.subscribe(`subscription ${name()} ($id: ID) { orderUpdated(id: $id) { id } }`, { id: [1, 2] });
    client.subscribe(`${name()} {`);
  }
  await client.listening(); // subscribes to an unknown order
  await under.close();
  expect((await counted()).toSorted()).toEqual([
    ['none', 'unknown', 'GRAPHQL_PARSE_FAILED', 2],
    ['none', 'unknown', 'GRAPHQL_VALIDATION_FAILED', 2],
    ['orderUpdated', 'subscription', 'BAD_USER_INPUT', 2],
    ['orderUpdated', 'subscription', 'OK', 2],
    ['orderUpdated', 'subscription', 'ORDER_NOT_FOUND', 1],
  ]);
});
