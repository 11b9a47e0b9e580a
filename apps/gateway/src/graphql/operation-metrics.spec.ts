import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { register } from 'prom-client';
import { GatewayUnderTest } from '../gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await GatewayUnderTest.start({ product: { list: async () => [] } });
});
afterAll(() => gateway.close());

const counted = async () => {
  const { values } = await register.getSingleMetric('bazaar_graphql_operation_duration_seconds')!.get();
  return values
    .filter(({ labels }) => String((labels as { le?: unknown }).le) === '+Inf')
    .map(({ labels: { operation, type, outcome }, value }) => [operation, type, outcome, value]);
};

it('counts operations by the names of the schema, whatever callers name theirs', async () => {
  const name = () => `Op${randomUUID().replaceAll('-', '')}`;
  for (let i = 0; i < 5; i++) {
    await gateway.graphql(`query ${name()} { ${name()}: products { id } }`);
    await gateway.graphql(`query ${name()} { products { id } more: products { id } }`);
    await gateway.graphql(`query ${name()} { orders { id } }`);
    await gateway.graphql(`query ${name()} { ${name()} }`);
    await gateway.graphql(`${name()} {`);
  }
  expect((await counted()).toSorted()).toEqual([
    ['multiple', 'query', 'OK', 5],
    ['none', 'unknown', 'GRAPHQL_PARSE_FAILED', 5],
    ['none', 'unknown', 'GRAPHQL_VALIDATION_FAILED', 5],
    ['orders', 'query', 'UNAUTHENTICATED', 5],
    ['products', 'query', 'OK', 5],
  ]);
});
