import { type ProductDto, products } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { product } from '../../test/gateway.fixture.js';
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
