import { randomUUID } from 'node:crypto';
import { type ProductDto, products } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { product, user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

describe('products', () => {
  it('are read once, and again after a write through this gateway', async () => {
    let lamp = product({ stock: 5 });
    gateway = await GatewayUnderTest.start({
      product: {
        list: async () => [lamp],
        getMany: async () => [lamp],
        update: async ({ changes }) => (lamp = { ...lamp, ...(changes as Partial<ProductDto>) }),
        delete: async () => lamp,
      },
    });
    const read = async () => (await gateway.graphql(`{ products { stock } product(id: "${lamp.id}") { stock } }`)).data;
    expect(await read()).toEqual({ products: [{ stock: 5 }], product: { stock: 5 } });
    expect(await read()).toEqual({ products: [{ stock: 5 }], product: { stock: 5 } });
    expect(gateway.requests.sort()).toEqual(['product.getMany', 'product.list']);

    const token = gateway.signIn(lamp.sellerId);
    await gateway.graphql(`mutation { updateProduct(id: "${lamp.id}", input: { stock: 4 }) { id } }`, { token });
    expect(await read()).toEqual({ products: [{ stock: 4 }], product: { stock: 4 } });
  });

  it('stay cached after a mutation that has changed nothing', async () => {
    const lamp = product({ stock: 5 });
    let changed: boolean | undefined = false;
    gateway = await GatewayUnderTest.start({
      product: {
        list: async () => [lamp],
        update: async () => ({ ...lamp, changed }),
        adjustStock: async () => ({ ...lamp, changed }),
      },
    });
    const token = gateway.signIn(lamp.sellerId);
    const reads = () => gateway.requests.filter((pattern) => pattern === 'product.list').length;
    const mutate = async () => {
      for (const mutation of [
        `updateProduct(id: "${lamp.id}", input: { stock: 5 }) { stock }`,
        `adjustStock(productId: "${lamp.id}", delta: 1, idempotencyKey: "a") { stock }`,
      ]) {
        expect(await gateway.graphql(`mutation { change: ${mutation} }`, { token })).toEqual({
          data: { change: { stock: 5 } },
        });
        await gateway.graphql('{ products { stock } }');
      }
    };
    await gateway.graphql('{ products { stock } }');
    await mutate();
    expect(reads()).toBe(1);
    changed = true;
    await mutate();
    expect(reads()).toBe(3);
    // Release 0.2 does not say whether anything has changed.
    changed = undefined;
    await mutate();
    expect(reads()).toBe(5);
  });

  it('are current within a second after many changes of their stock, and cached during the changes', async () => {
    let stock = 100;
    const lamp = product();
    gateway = await GatewayUnderTest.start({ product: { list: async () => [{ ...lamp, stock }] } });
    const read = async () => (await gateway.graphql('{ products { stock } }')).data?.products;
    while (stock > 0) {
      stock--;
      await gateway.publish(products.events.stockChanged, { products: [{ productId: lamp.id, version: 1, stock }] });
      await read();
    }
    await eventually(async () => expect(await read()).toEqual([{ stock: 0 }]), 1_000);
    expect(gateway.requests.length).toBeLessThan(50);
  });
});

describe('the seller of a product', () => {
  it('is read in one request for all products, and null if the user is unknown', async () => {
    const [known, unknown] = [randomUUID(), randomUUID()];
    const nodes = Array.from({ length: 100 }, (_, i) => product({ sellerId: i % 2 ? known : unknown }));
    const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
    const page = { edges: nodes.map((node) => ({ cursor: node.id, node })), pageInfo };
    gateway = await GatewayUnderTest.start({
      product: { page: async () => page, list: async () => nodes },
      user: { getMany: async ({ ids }) => ids.filter((id) => id === known).map((id) => user({ id })) },
    });
    const { data } = await gateway.graphql(
      '{ productConnection { edges { node { seller { id name email profile { city } } } } } products { seller { id } } }',
    );
    const seller = { id: known, name: 'Jane', email: 'j***@example.com', profile: null };
    expect(data).toEqual({
      productConnection: { edges: nodes.map((_, i) => ({ node: { seller: i % 2 ? seller : null } })) },
      products: nodes.map((_, i) => ({ seller: i % 2 ? { id: known } : null })),
    });
    expect(gateway.requests.filter((pattern) => pattern.startsWith('user.'))).toEqual(['user.getMany']);
  });
});
