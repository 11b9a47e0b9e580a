import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { encodingFor } from './compression.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await GatewayUnderTest.start({});
});
afterAll(() => gateway.close());

const LARGE = '{ __schema { types { name description } } }';

const answer = (query: string, headers: Record<string, string>) =>
  gateway.app.inject({ method: 'POST', url: '/graphql', headers, payload: { query } });

describe('an answer above 1 KB', () => {
  it.each([
    ['br', 'gzip, deflate, br, zstd', brotliDecompressSync],
    ['gzip', 'gzip, deflate', gunzipSync],
  ])('is sent as %s to a client that accepts %s', async (encoding, accepted, decompress) => {
    const plain = await answer(LARGE, { origin: 'http://localhost:5173' });
    const compressed = await answer(LARGE, { origin: 'http://localhost:5173', 'accept-encoding': accepted });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(compressed.headers['content-encoding']).toBe(encoding);
    expect(compressed.headers['content-length']).toBe(String(compressed.rawPayload.length));
    expect(compressed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
    expect(decompress(compressed.rawPayload).toString()).toBe(plain.body);
    for (const { headers } of [plain, compressed]) expect(headers.vary).toBe('Origin, Accept-Encoding');
  });

  it('is not compressed for a client that does not accept it', async () => {
    for (const accepted of ['identity', 'deflate', 'gzip;q=0, br;q=0'])
      expect((await answer(LARGE, { 'accept-encoding': accepted })).headers['content-encoding']).toBeUndefined();
  });

  it('is compressed for a few clients at once, and sent as it is to the others', async () => {
    const requests = Array.from({ length: 12 }, () => answer(LARGE, { 'accept-encoding': 'br' }));
    const sizes = new Set((await Promise.all(requests)).map(({ headers }) => headers['content-encoding'] ?? 'none'));
    expect(sizes).toContain('br');
    const after = await answer(LARGE, { 'accept-encoding': 'br' });
    expect(after.headers['content-encoding']).toBe('br');
  });
});

it('a smaller answer is not compressed', async () => {
  const { headers } = await answer('{ __typename }', { 'accept-encoding': 'br' });
  expect(headers['content-encoding']).toBeUndefined();
});

it.each([
  ['br, gzip', 'br'],
  ['*', 'br'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['br;q=0, *', 'gzip'],
  ['GZIP', 'gzip'],
  ['', undefined],
  ['*;q=0', undefined],
])('of %j, %s is chosen', (accepted, encoding) => {
  expect(encodingFor(accepted)).toBe(encoding);
});
