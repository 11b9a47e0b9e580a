import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, newCustomer, type Customer, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';

const READERS = 10;
const PAGE = 20;
/** Several products of each name and price, so that pages end between equal ones. */
const NAMES = ['Tea', 'tea', 'Mug', 'Éclair', 'pot'];
const PRICES = [0.5, 5, 5.01, 19.99, 100, 250, 999];

let stack: Stack;
let seller: Customer;
/** The products that are not deleted. */
let lasting: Product[];

beforeAll(async () => {
  stack = await startStack();
  seller = await newCustomer(stack.url);
  lasting = await create(600);
});

afterAll(() => stack?.stop());

let created = 0;
async function createOne(): Promise<Product> {
  const name = NAMES[created % NAMES.length]!;
  return seller.createProduct({ name, price: PRICES[created++ % PRICES.length]! });
}

async function create(count: number): Promise<Product[]> {
  const lanes = Array.from({ length: 10 }, async () => {
    const products: Product[] = [];
    while (products.length < count / 10) products.push(await createOne());
    return products;
  });
  return (await Promise.all(lanes)).flat();
}

interface Page {
  productConnection: {
    edges: { node: Product }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

/** Reads all pages in a sort. */
async function readAll(sort: string): Promise<Product[]> {
  const client = new Client(stack.url);
  const query = `query ($first: Int, $after: String, $sort: ProductSort) {
    productConnection(first: $first, after: $after, sort: $sort) {
      edges { node { id name price } } pageInfo { hasNextPage endCursor }
    }
  }`;
  const seen: Product[] = [];
  for (let after: string | null = null; ;) {
    const variables: object = { first: PAGE, after, sort };
    const { edges, pageInfo } = (await client.data<Page>(query, variables)).productConnection;
    seen.push(...edges.map(({ node }) => node));
    if (!pageInfo.hasNextPage) return seen;
    after = pageInfo.endCursor;
  }
}

/** Creates products and deletes these, then the created ones, until it is stopped. */
async function change(doomed: Product[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    doomed.push(await createOne());
    await seller.deleteProduct(doomed.shift()!.id);
  }
}

const inOrder: Record<string, (before: Product, after: Product) => boolean> = {
  NEWEST: (before, after) => before.id > after.id,
  PRICE_ASC: (before, after) => before.price <= after.price,
  PRICE_DESC: (before, after) => before.price >= after.price,
  NAME: (before, after) => before.name.toLowerCase() <= after.name.toLowerCase(),
};

test.each(Object.keys(inOrder))(
  'by %s, 10 clients see each product once while others are created and deleted',
  async (sort) => {
    const doomed = await create(50);
    const done = new AbortController();
    const changing = [change(doomed.splice(0, 25), done.signal), change(doomed, done.signal)];
    const reads = await Promise.all(Array.from({ length: READERS }, () => readAll(sort))).finally(() => done.abort());
    await Promise.all(changing);

    for (const seen of reads) {
      const ids = new Set(seen.map(({ id }) => id));
      expect(ids.size).toBe(seen.length);
      expect(lasting.filter(({ id }) => !ids.has(id))).toEqual([]);
      expect(seen.filter((product, i) => i > 0 && !inOrder[sort]!(seen[i - 1]!, product))).toEqual([]);
    }
  },
);
