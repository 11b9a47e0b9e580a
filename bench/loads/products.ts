import type { Benchmark } from '../benchmark.ts';
import { startCeiling } from '../ceiling.ts';
import { graphqlClient } from '../contender.ts';
import { startShop } from '../shop.ts';
import { createProduct, signIn } from '../stack.ts';

const QUERY = `query ($filter: ProductFilter) {
  productConnection(first: 50, filter: $filter) { edges { node { id name price stock description } } }
}`;
const PRODUCTS = 50;
const CLIENTS = 16;

export const products: Benchmark = {
  title: 'A list of 50 products, anonymous, nothing changes',
  clients: CLIENTS,
  goals: { Fastify: 0.7 },
  open: () => open({ name: 'Fastify', file: 'fastify', request: () => requestWith({}) }),
};

let asked = 0;

export const productsUncached: Benchmark = {
  title: 'A list of 50 products, anonymous, nothing cached',
  clients: CLIENTS,
  goals: { 'Nest + Apollo': 0.6 },
  open: () =>
    // Each filter is a new one, and all products match.
    open({
      name: 'Nest + Apollo',
      file: 'apollo',
      request: () => requestWith({ maxPrice: (100_000 + asked++) / 100 }),
    }),
};

const requestWith = (filter: object) => JSON.stringify({ query: QUERY, variables: { filter } });

async function open(ceiling: { name: string; file: string; request: () => string }) {
  const shop = await startShop();
  const seller = await signIn(shop);
  for (let n = 0; n < PRODUCTS; n++)
    await createProduct(shop, seller, { name: `Tea pot ${n}`, price: 24.99, description: 'Holds a litre', stock: 10 });
  const { post, close } = graphqlClient(shop.url);
  const answer = await post(ceiling.request());
  const data = answer.slice(0, answer.indexOf(',"extensions"'));
  const isRight = (actual: string) => actual.startsWith(data);
  const { contender, stop } = await startCeiling({ ...ceiling, answer, isRight });
  const bazaar = {
    name: 'Bazaar',
    processes: shop.processes,
    async run() {
      const actual = await post(ceiling.request());
      if (!isRight(actual)) throw new Error(`Another answer: ${actual.slice(0, 200)}`);
    },
  };
  return {
    contenders: [bazaar, contender],
    close: async () => {
      await Promise.all([close(), stop()]);
      await shop.stop();
    },
  };
}
