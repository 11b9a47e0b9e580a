import { randomUUID } from 'node:crypto';
import { AppError, type Page, type ProductDto, products } from '@app/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { product } from '../../test/gateway.fixture.js';
import { GatewayUnderTest, type Services } from '../../test/gateway-under-test.js';

const pageOf = (...nodes: ProductDto[]): Page<ProductDto> => ({
  edges: nodes.map((node, i) => ({ cursor: `cursor ${i}`, node })),
  pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: 'cursor 0', endCursor: null },
});

let gateway: GatewayUnderTest;
/** The input of each request to the product service. */
let inputs: unknown[];
afterEach(() => gateway.close());

async function start(services: Partial<Services> = {}) {
  inputs = [];
  gateway = await GatewayUnderTest.start({
    ...services,
    product: {
      page: async (args) => {
        inputs.push({ ...args });
        return pageOf(product({ name: `Lamp ${inputs.length}` }));
      },
      count: async (filter) => {
        inputs.push({ count: { ...filter } });
        return 41;
      },
      ...services.product,
    },
  });
}

const list = (args = '', fields = 'edges { node { name } }', variables?: object) =>
  gateway.graphql(
    `query ${variables ? '($filter: ProductFilter)' : ''} { productConnection${args && `(${args})`} { ${fields} } }`,
    { variables },
  );

describe('a page of products', () => {
  it('is public, and equals the reply of the product service', async () => {
    const node = product();
    await start({ product: { page: async () => pageOf(node) } });
    const fields = `edges { cursor node { id name price stock description createdAt updatedAt } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;
    const { sellerId, ...seen } = node;
    expect(sellerId).toBeDefined();
    expect((await list('', fields)).data).toEqual({
      productConnection: { ...pageOf(node), edges: [{ cursor: 'cursor 0', node: seen }] },
    });
  });

  it("is read with the client's arguments, by default the newest", async () => {
    await start();
    await list();
    await list('first: null, after: null, filter: null, sort: null');
    await list('first: 5, after: "x", sort: PRICE_ASC, filter: { search: "tea", minPrice: 1.5, inStock: false }');
    expect(inputs).toEqual([
      { sort: 'NEWEST' },
      { first: 5, after: 'x', sort: 'PRICE_ASC', filter: { search: 'tea', minPrice: 1.5, inStock: false } },
    ]);
  });

  it.each([
    ['first', 'first: 101'],
    ['first', 'first: -1'],
    ['last', 'last: 101'],
    ['last', 'last: -1'],
    ['last', 'first: 1, last: 1'],
    ['filter.search', `filter: { search: "${'x'.repeat(201)}" }`],
    ['filter.minPrice', 'filter: { minPrice: -1 }'],
    ['filter.maxPrice', 'filter: { maxPrice: 0.001 }'],
  ])('is refused for an invalid %s (%s)', async (field, args) => {
    await start();
    const { errors } = await list(args);
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: { [field]: expect.any(Array) },
    });
    expect(inputs).toEqual([]);
  });

  it('is refused with the error of the product service', async () => {
    const fields = { after: ['after must be a cursor of this list'] };
    await start({
      product: {
        page: async () => {
          throw new AppError('BAD_USER_INPUT', 'after must be a cursor of this list', { fields });
        },
      },
    });
    expect((await list('after: "x"')).errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields });
  });

  it('is counted, by the same filter, only if the query selects totalCount', async () => {
    await start();
    await list('filter: { inStock: true }');
    expect(gateway.requests).toEqual(['product.page']);
    const { data } = await list('filter: { inStock: true }, first: 1', 'totalCount');
    expect(data).toEqual({ productConnection: { totalCount: 41 } });
    expect(gateway.requests).toEqual(['product.page', 'product.page', 'product.count']);
    expect(inputs.at(-1)).toEqual({ count: { inStock: true } });
  });
});

describe('pages in the cache', () => {
  const names = async (args: string, variables?: object) =>
    JSON.stringify((await list(args, 'edges { node { name } } totalCount', variables)).data);

  it('are hit by equal arguments in any notation', async () => {
    await start();
    const filter = { maxPrice: 20, minPrice: 1, search: 'tea' };
    const first = await names('filter: { search: "tea", minPrice: 1, maxPrice: 20 }, sort: NAME');
    expect(await names('sort: NAME, first: 20, filter: $filter', { filter })).toBe(first);
    expect(await names('sort: NAME, filter: $filter', { filter: { ...filter, inStock: null } })).toBe(first);
    expect(gateway.requests).toEqual(['product.page', 'product.count']);
  });

  it('are missed by different arguments', async () => {
    await start();
    const all = [
      '',
      'first: 21',
      'after: "x"',
      'sort: NAME',
      'filter: { search: "x" }',
      'filter: { minPrice: 1 }',
      'filter: { maxPrice: 1 }',
      'filter: { inStock: true }',
      'filter: { inStock: false }',
      `filter: { sellerId: "${randomUUID()}" }`,
    ];
    for (const args of all) await list(args);
    expect(gateway.requests).toHaveLength(all.length);
    for (const args of all) await list(args, 'totalCount');
    // The count does not depend on the position of the page.
    expect(gateway.requests.filter((pattern) => pattern === 'product.count')).toHaveLength(all.length - 3);
    expect(gateway.requests.filter((pattern) => pattern === 'product.page')).toHaveLength(all.length);
  });

  it('are invalidated by a write through this or another gateway', async () => {
    const token = () => gateway.signIn(randomUUID());
    await start({ product: { create: async () => product() } });
    const input = '{ name: "x", price: 1, description: "", stock: 1 }';
    await names('');
    await gateway.graphql(`mutation { createProduct(input: ${input}) { id } }`, { token: token() });
    await names('');
    expect(gateway.requests.filter((pattern) => pattern === 'product.page')).toHaveLength(2);
    expect(gateway.requests.filter((pattern) => pattern === 'product.count')).toHaveLength(2);
    await gateway.publish(products.events.created, { productId: randomUUID(), version: 1 });
    await names('');
    expect(gateway.requests.filter((pattern) => pattern === 'product.page')).toHaveLength(3);
  });
});
