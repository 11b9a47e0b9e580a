import { type AppError, type ProductDto } from '@app/contracts';
import { closeLater } from './closing.js';
import { product } from './gateway.fixture.js';
import { GatewayUnderTest } from './gateway-under-test.js';
import type { GatewayConfig } from '../src/config.js';

export const LIST = '{ products { id name stock } }';

/** What the product service answers: a list of one product. */
export interface Shelf {
  teapot: ProductDto;
  slow?: Promise<void> | undefined;
  error?: AppError | undefined;
}

export const newShelf = (): Shelf => ({ teapot: product({ name: 'Teapot', stock: 5 }) });

export async function startGateway(shelf: Shelf, config: Partial<GatewayConfig> = {}): Promise<GatewayUnderTest> {
  const list = async () => {
    const { teapot } = shelf;
    await shelf.slow;
    if (shelf.error) throw shelf.error;
    return [teapot];
  };
  const gateway = await GatewayUnderTest.start({ product: { list, update: async () => shelf.teapot } }, config);
  closeLater(() => gateway.close());
  return gateway;
}

export interface Asked {
  query?: string;
  headers?: Record<string, string>;
  body?: object;
  from?: string;
}

export const post = ({ app }: GatewayUnderTest, { query = LIST, headers, body, from }: Asked = {}) =>
  app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    payload: { query, ...body },
    ...(from && { remoteAddress: from }),
  });
