import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from '@jest/globals';
import { GatewayUnderTest } from '../../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const create = (price: string, stock: string) =>
  `mutation { createProduct(input: { name: "Lamp", description: "", price: ${price}, stock: ${stock} }) { id } }`;

it.each([
  [create('1', '1.5'), 'input.stock: Int cannot represent non-integer value: 1.5'],
  [create('1', '2147483648'), 'input.stock: Int cannot represent non 32-bit signed integer value: 2147483648'],
  [create('"free"', '1'), 'input.price: Float cannot represent non numeric value: "free"'],
  [
    'mutation { placeOrder(input: { items: [{ productId: "x", quantity: 1 }, { productId: "y", quantity: 2.5 }] }) { id } }',
    'input.items.1.quantity: Int cannot represent non-integer value: 2.5',
  ],
])('names the field of an invalid literal: %s', async (query, message) => {
  gateway = await GatewayUnderTest.start({});
  const { errors } = await gateway.graphql(query, { token: gateway.signIn(randomUUID()) });
  expect(errors?.[0]).toMatchObject({ message, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
});
