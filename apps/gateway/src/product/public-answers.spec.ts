import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync } from 'node:zlib';
import { AppError, products } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { closeAll } from '../../test/closing.js';
import { product } from '../../test/gateway.fixture.js';
import type { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { redisSettings } from '../../test/product-cache.fixture.js';
import { type Asked, newShelf, post, type Shelf, startGateway } from '../../test/public-answers.fixture.js';
import { DocumentCache } from '../cache/document-cache.js';
import type { GatewayConfig } from '../config.js';
import { ProductCache } from './product.cache.js';
import { ProductVersion } from './product-version.js';

/** Apollo looks for the document of each operation that it executes. */
const executed = jest.spyOn(DocumentCache.prototype, 'get');
const executions = () => executed.mock.calls.length;

let shelf: Shelf;
beforeEach(() => {
  shelf = newShelf();
});
afterEach(closeAll);

async function start(config?: Partial<GatewayConfig>) {
  const gateway = await startGateway(shelf, config);
  executed.mockClear();
  return gateway;
}

/** Asks twice: only what is asked again is kept. */
async function kept(gateway: GatewayUnderTest, asked?: Asked) {
  await post(gateway, asked);
  await post(gateway, asked);
  executed.mockClear();
}

describe('a public answer', () => {
  it('is sent again without being executed, with the headers of every answer', async () => {
    const gateway = await start();
    const first = await post(gateway);
    await kept(gateway);
    const again = await post(gateway);
    expect(executions()).toBe(0);
    expect(again.body).toBe(first.body);
    const { date: _d, traceresponse, ...headers } = first.headers;
    expect(again.headers).toMatchObject(headers);
    expect(again.headers.traceresponse).toMatch(/^00-/);
    expect(again.headers.traceresponse).not.toBe(traceresponse);
  });

  it.each([
    ['variables', { body: { query: 'query ($id: ID!) { product(id: $id) { id } }', variables: { id: randomUUID() } } }],
    [
      'the name of the operation',
      { body: { query: 'query A { products { id } } query B { products { name } }', operationName: 'B' } },
    ],
    ['the media type', { headers: { accept: 'application/graphql-response+json' } }],
    ['the error behavior', { body: { onError: 'NULL' } }],
  ] satisfies [string, Asked][])('is another one for %s', async (_, asked) => {
    const gateway = await start();
    await kept(gateway);
    await post(gateway, asked);
    expect(executions()).toBe(1);
  });

  it.each([
    ['with a token', { headers: { authorization: 'Bearer x' } }],
    ['of the caller', { query: '{ me { id } }' }],
    ['with the seller', { query: '{ products { id seller { id } } }' }],
    ['with an error', { query: '{ products { id } node(id: "x") { id } }' }],
  ] satisfies [string, Asked][])('is never one %s', async (_, asked) => {
    const gateway = await start();
    await kept(gateway);
    await kept(gateway, asked);
    await post(gateway, asked);
    expect(executions()).toBe(1);
  });

  it('is compressed for clients that accept it', async () => {
    shelf.teapot = product({ name: 'Teapot '.repeat(300) });
    const gateway = await start();
    await kept(gateway);
    const plain = await post(gateway);
    for (let i = 0; i < 2; i++) {
      const { headers, rawPayload } = await post(gateway, { headers: { 'accept-encoding': 'br' } });
      expect(headers).toMatchObject({ 'content-encoding': 'br', vary: 'Origin, Accept-Encoding' });
      expect(brotliDecompressSync(rawPayload).toString()).toBe(plain.body);
    }
    expect(executions()).toBe(0);
  });

  it('is not sent after a change: at once of this gateway, within a second of others', async () => {
    const gateway = await start();
    const token = gateway.signIn(randomUUID());
    await kept(gateway);
    shelf.teapot = { ...shelf.teapot, stock: 4 };
    await gateway.graphql(`mutation { updateProduct(id: "${shelf.teapot.id}", input: { stock: 4 }) { id } }`, {
      token,
    });
    expect((await post(gateway)).json().data.products[0].stock).toBe(4);
    await kept(gateway);
    shelf.teapot = { ...shelf.teapot, stock: 3 };
    await gateway.publish(products.events.updated, { productId: shelf.teapot.id, version: 2 });
    await eventually(async () => expect((await post(gateway)).json().data.products[0].stock).toBe(3), 1_000);
  });

  it('of a slow read is not sent after a change', async () => {
    const gateway = await start();
    await kept(gateway);
    await gateway.app.get(ProductCache).changed();
    const { promise, resolve } = Promise.withResolvers<void>();
    shelf.slow = promise;
    const slow = post(gateway);
    await eventually(() => expect(executions()).toBe(1));
    shelf.slow = undefined;
    shelf.teapot = { ...shelf.teapot, stock: 4 };
    await gateway.app.get(ProductCache).changed();
    resolve();
    expect((await slow).json().data.products[0].stock).toBe(5);
    expect((await post(gateway)).json().data.products[0].stock).toBe(4);
  });
});

describe('concurrent requests for a public answer', () => {
  const TOGETHER = 20;

  it('are executed once', async () => {
    const gateway = await start();
    await kept(gateway);
    await gateway.app.get(ProductVersion).renew();
    shelf.slow = sleep(200);
    const answers = await Promise.all(Array.from({ length: TOGETHER }, () => post(gateway)));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(executions()).toBe(1);
  });

  it('are all executed if the first fails', async () => {
    const gateway = await start();
    await kept(gateway);
    await gateway.app.get(ProductCache).changed();
    shelf.error = new AppError('SERVICE_TIMEOUT', 'No reply');
    const answers = await Promise.all(Array.from({ length: TOGETHER }, () => post(gateway)));
    for (const answer of answers)
      expect(answer.json().errors).toMatchObject([{ extensions: { code: 'SERVICE_TIMEOUT' } }]);
    shelf.error = undefined;
    expect((await post(gateway)).json().data.products).toHaveLength(1);
  });
});

describe('a public answer counts against the limits', () => {
  it('of requests, and is refused above', async () => {
    const gateway = await start({ RATE_LIMIT: 4 });
    const remaining = [];
    for (let i = 0; i < 4; i++)
      remaining.push(/"requests";r=(\d)/.exec(String((await post(gateway)).headers.ratelimit))?.[1]);
    expect(remaining).toEqual(['3', '2', '1', '0']);
    expect(executions()).toBe(2);
    const refused = await post(gateway);
    expect(refused.statusCode).toBe(429);
    expect(refused.json().errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', limit: 4 } }]);
    expect((await post(gateway, { from: '192.0.2.7' })).statusCode).toBe(200);
  });

  it.each(['COST_LIMIT', 'ADDRESS_COST_LIMIT'])('of %s, as an execution does', async (limit) => {
    const name = limit === 'COST_LIMIT' ? 'cost' : 'address-cost';
    const gateway = await start({ [limit]: 100_000 });
    const used = async () => {
      const { headers } = await post(gateway);
      return 100_000 - Number(new RegExp(`"${name}";r=(\\d+)`).exec(String(headers.ratelimit))?.[1]);
    };
    // The first one also parses the document.
    const [first, second, third, fourth] = [await used(), await used(), await used(), await used()];
    expect(executions()).toBe(2);
    expect(third - second).toBe(second - first);
    expect(fourth - third).toBe(second - first);
  });
});

const redisUrl = process.env.TEST_REDIS_URL;
if (redisUrl)
  it('is shared between gateways through Redis', async () => {
    const config = redisSettings(redisUrl);
    const [one, other] = [await start(config), await start(config)];
    for (const gateway of [one, other])
      await eventually(async () => expect(await gateway.app.get(ProductVersion).current()).toBeDefined());
    await kept(one);
    await kept(other);
    await one.app.get(ProductCache).changed();
    await post(one);
    executed.mockClear();
    await eventually(async () => {
      await post(other);
      expect(executions()).toBe(0);
    });
  });
