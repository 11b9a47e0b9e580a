import type { Benchmark } from '../benchmark.ts';
import { startCeiling } from '../ceiling.ts';
import { graphqlClient } from '../contender.ts';
import { createProduct, signIn } from '../stack.ts';
import { startShop } from '../shop.ts';

const QUERY = '{ productConnection(first: 50) { edges { node { id name price stock description } } } }';
const PRODUCTS = 50;

export const products: Benchmark = {
  title: 'A list of 50 products, anonymous, nothing changes',
  clients: 16,
  goals: { Fastify: 0.7 },
  async open(options) {
    const shop = await startShop(options);
    const seller = await signIn(shop);
    for (let n = 0; n < PRODUCTS; n++)
      await createProduct(shop, seller, {
        name: `Tea pot ${n}`,
        price: 24.99,
        description: 'Holds a litre',
        stock: 10,
      });
    const request = JSON.stringify({ query: QUERY });
    const { post, close } = graphqlClient(shop.url);
    const answer = await post(request);
    const fastify = await startCeiling('Fastify', 'fastify', request, answer);
    return {
      contenders: [
        {
          name: 'Bazaar',
          processes: shop.processes,
          async run() {
            const actual = await post(request);
            if (actual !== answer) throw new Error(`Another answer: ${actual.slice(0, 200)}`);
          },
        },
        fastify.contender,
      ],
      close: async () => {
        await Promise.all([close(), fastify.stop()]);
        await shop.stop();
      },
    };
  },
};
