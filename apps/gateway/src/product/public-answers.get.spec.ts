import { AppError } from '@app/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeAll } from '../../test/closing.js';
import type { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { LIST, newShelf, type Shelf, startGateway } from '../../test/public-answers.fixture.js';
import { ProductCache } from './product.cache.js';

let shelf: Shelf;
beforeEach(() => {
  shelf = newShelf();
});
afterEach(closeAll);

const url = `/graphql?query=${encodeURIComponent(LIST)}`;
const get = ({ app }: GatewayUnderTest, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { 'apollo-require-preflight': 'yes', ...headers } });

describe('a public answer to a GET request', () => {
  it('may be cached by browsers and CDNs, and is not sent again if it has not changed', async () => {
    const gateway = await startGateway(shelf, { RATE_LIMIT: 100 });
    for (let i = 0; i < 3; i++) {
      const { headers } = await get(gateway);
      expect(headers).toMatchObject({
        'cache-control': 'public, max-age=1, stale-while-revalidate=1',
        etag: expect.stringMatching(/^W\/"/),
      });
      expect(headers.vary).toContain('authorization');
      expect(headers).not.toHaveProperty('ratelimit');
    }
    const { headers } = await get(gateway);
    const unchanged = await get(gateway, { 'if-none-match': String(headers.etag) });
    expect([unchanged.statusCode, unchanged.body]).toEqual([304, '']);
    shelf.teapot = { ...shelf.teapot, stock: 4 };
    await gateway.app.get(ProductCache).changed();
    expect((await get(gateway, { 'if-none-match': String(headers.etag) })).json().data.products[0].stock).toBe(4);
  });

  it('is not for caches with a token, or with an error', async () => {
    const gateway = await startGateway(shelf);
    for (let i = 0; i < 3; i++)
      expect((await get(gateway, { authorization: 'Bearer x' })).headers['cache-control']).toBe('no-store');
    shelf.error = new AppError('SERVICE_TIMEOUT', 'No reply');
    await gateway.app.get(ProductCache).changed();
    for (let i = 0; i < 3; i++) expect((await get(gateway)).headers).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('is refused if any page could have sent the request', async () => {
    const gateway = await startGateway(shelf);
    for (let i = 0; i < 3; i++) await get(gateway);
    const { statusCode } = await gateway.app.inject({ url });
    expect(statusCode).toBe(400);
  });
});
