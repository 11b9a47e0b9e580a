import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { Client, newCustomers } from '../../client.js';
import { OrderStream } from '../../order-stream.js';
import { ServicesStack } from '../../services-stack.js';

const LARGE = 300;

let stack: ServicesStack;
beforeAll(async () => {
  stack = await ServicesStack.start();
});
afterAll(() => stack?.stop());

/** Descriptions as earlier releases accepted them. JSON writes each of their characters as six. */
async function addLargeProducts(sellerId: string): Promise<string[]> {
  const ids = Array.from({ length: LARGE }, () => v7());
  await stack.databases.product.query(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     select id, 'Lamp', 1999, 5, repeat(chr(1), 10000), $2, 1, now(), now() from unnest($1::uuid[]) as id`,
    [ids, sellerId],
  );
  return ids;
}

test('a list that exceeds the message size is complete, and delays no order', async () => {
  const customers = await newCustomers(stack.url, 3);
  const { id: productId } = await customers[0]!.createProduct({ stock: 100_000 });
  const ids = await addLargeProducts(customers[0]!.id);
  const stream = new OrderStream(customers, productId);
  const anybody = new Client(stack.url);
  for (let i = 0; i < 5; i++) {
    await stream.more(10);
    const { products } = await anybody.data<{ products: { id: string }[] }>('{ products { id } }');
    expect(products.map(({ id }) => id)).toEqual([...ids, productId].toSorted().toReversed());
  }
  await stream.stop();
  expect(stream.failures).toEqual([]);
});
