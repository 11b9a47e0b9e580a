import { eventually } from '@app/testing/eventually';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { gql } from '@apollo/client';
import { refusal, type Response, StubApi } from '../test/stub-api.js';
import { AdjustStockDocument, BazaarClient, BazaarError, PlaceOrderDocument, ProductDocument } from './index.js';

const ORDER = { items: [{ productId: 'p1', quantity: 1 }] };
const PLACED = { body: { data: { placeOrder: { id: 'o1' } } } };
const PRODUCT = { body: { data: { product: null } } };
const failed = (...args: Parameters<typeof refusal>): Response => ({
  body: { data: null, errors: [refusal(...args)] },
});

let api: StubApi;
let client: BazaarClient;

const clientWith = (retry: object) => new BazaarClient({ url: api.url, retry: { attempts: 3, delayMs: 1, ...retry } });

beforeEach(async () => {
  api = await StubApi.start();
  client = clientWith({});
});

afterEach(async () => {
  jest.restoreAllMocks();
  await api.close();
});

/** The first answers, and the one after them. */
function respond(first: readonly (Response | undefined)[], then: Response): void {
  api.respond = (_, index) => (index < first.length ? first[index] : then);
}

const keys = () => api.received.map(({ key }) => key);

describe.each<[string, Response | undefined, string]>([
  ['a broken connection', undefined, 'NETWORK_ERROR'],
  ['the 503 of a proxy', { status: 503, body: '<h1>Service Unavailable</h1>' }, 'NETWORK_ERROR'],
  ['the 503 of a gateway that stops', { ...failed('SERVICE_UNAVAILABLE'), status: 503 }, 'SERVICE_UNAVAILABLE'],
  ['SERVICE_UNAVAILABLE', failed('SERVICE_UNAVAILABLE'), 'SERVICE_UNAVAILABLE'],
  ['SERVICE_TIMEOUT', failed('SERVICE_TIMEOUT'), 'SERVICE_TIMEOUT'],
  ['RATE_LIMITED', { ...failed('RATE_LIMITED', { retryAfter: 0 }), status: 429 }, 'RATE_LIMITED'],
])('after %s', (_, failure, code) => {
  it('repeats a query, up to the maximum number of attempts', async () => {
    respond([failure, failure], PRODUCT);
    expect(await client.request(ProductDocument, { id: 'p1' })).toEqual({ product: null });
    api.received.length = 0;
    respond([failure, failure, failure], PRODUCT);
    await expect(client.request(ProductDocument, { id: 'p1' })).rejects.toMatchObject({ code });
    expect(api.received).toHaveLength(3);
  });

  it('repeats an order with its key', async () => {
    respond([failure, failure], PLACED);
    expect(await client.request(PlaceOrderDocument, { input: ORDER })).toEqual(PLACED.body.data);
    expect(keys()).toEqual([expect.stringMatching(/^"[\w-]{8,}"$/), keys()[0], keys()[0]]);
  });

  it('does not repeat a mutation without a key', async () => {
    respond([failure], { body: { data: { cancelOrder: { id: 'o1' } } } });
    const cancel = 'mutation { cancelOrder(id: "o1") { id } }';
    await expect(client.request(cancel)).rejects.toMatchObject({ code });
    expect(api.received).toHaveLength(1);
    expect(keys()).toEqual([undefined]);
  });
});

describe('an idempotency key', () => {
  const adjustment = { productId: 'p1', delta: 1 };

  beforeEach(() => respond([], PLACED));

  it('belongs to one call', async () => {
    await client.request(PlaceOrderDocument, { input: ORDER });
    await client.request(PlaceOrderDocument, { input: ORDER });
    await client.request(AdjustStockDocument, adjustment);
    expect(new Set(keys()).size).toBe(3);
  });

  it('can be given in the options, the variables or the document, and makes the mutation repeatable', async () => {
    const document = (key: string) =>
      `mutation ($key: String, $input: OrderInput!) { placeOrder(input: ${key}) { id } }`;
    const calls = [
      () => client.request(PlaceOrderDocument, { input: ORDER }, { idempotencyKey: 'a "key"' }),
      () => client.request(PlaceOrderDocument, { input: { ...ORDER, idempotencyKey: 'k1' } }),
      () => client.request(AdjustStockDocument, { ...adjustment, idempotencyKey: 'k1' }),
      () => client.request(document('{ items: [], idempotencyKey: "k1" }')),
      () => client.request(document('{ items: [], idempotencyKey: $key }'), { key: 'k1' }),
      () => client.request(gql(document('$input')), { input: { idempotencyKey: 'k1' } }),
    ];
    for (const [index, call] of calls.entries()) {
      api.received.length = 0;
      respond([failed('SERVICE_TIMEOUT')], PLACED);
      await call();
      expect(keys()).toEqual(Array(2).fill(index === 0 ? '"a \\"key\\""' : undefined));
    }
  });

  it('is left out on demand, or if the operation has several mutations, which are then sent once', async () => {
    respond([failed('SERVICE_TIMEOUT'), failed('SERVICE_TIMEOUT')], PLACED);
    const once = client.request(PlaceOrderDocument, { input: ORDER }, { idempotencyKey: null });
    await expect(once).rejects.toThrow('SERVICE_TIMEOUT');
    const two =
      'mutation ($input: OrderInput!) { a: placeOrder(input: $input) { id } b: placeOrder(input: $input) { id } }';
    await expect(client.request(two, { input: ORDER })).rejects.toThrow('SERVICE_TIMEOUT');
    expect(keys()).toEqual([undefined, undefined]);
  });
});

describe('a wait', () => {
  it.each<[string, Response]>([
    ['the header Retry-After', { status: 503, headers: { 'retry-after': '1' }, body: 'busy' }],
    ['retryAfter of the error', failed('RATE_LIMITED', { retryAfter: 1 })],
  ])('is as long as %s says', async (_, failure) => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    respond([failure], PRODUCT);
    await client.request(ProductDocument, { id: 'p1' });
    expect(timers.mock.calls.filter(([, delay]) => delay === 1_000)).toHaveLength(1);
  });

  it('that is too long is refused with the time to wait', async () => {
    respond([failed('RATE_LIMITED', { retryAfter: 31 })], PRODUCT);
    const details = { retryAfter: 31 };
    await expect(client.request(ProductDocument, { id: 'p1' })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details,
    });
    expect(api.received).toHaveLength(1);
  });

  it('ends when the caller gives up', async () => {
    const caller = new AbortController();
    respond([failed('RATE_LIMITED', { retryAfter: 30 })], PRODUCT);
    const request = client.request(ProductDocument, { id: 'p1' }, { signal: caller.signal });
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await eventually(() => expect(timers.mock.calls.map(([, delay]) => delay)).toContain(30_000));
    caller.abort(new Error('Enough'));
    await expect(request).rejects.toThrow('Enough');
    expect(api.received).toHaveLength(1);
  });
});

it('repeats an attempt that gets no answer', async () => {
  let release = () => {};
  const never = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
  api.respond = (_, index) => (index === 0 ? never : PRODUCT);
  await clientWith({ timeoutMs: 200 }).request(ProductDocument, { id: 'p1' });
  expect(api.received).toHaveLength(2);
  release();
});

it('fails with the code, the details and the trace of the first error, and with the other data', async () => {
  const errors = [refusal('INSUFFICIENT_STOCK', { shortages: [] }), refusal('SERVICE_UNAVAILABLE')];
  respond([], { body: { data: { a: 1 }, errors } });
  const error: unknown = await client.request('{ a b }').catch((error: unknown) => error);
  expect(error).toBeInstanceOf(BazaarError);
  expect(error).toMatchObject({
    code: 'INSUFFICIENT_STOCK',
    details: { shortages: [] },
    traceId: 't1',
    data: { a: 1 },
  });
  expect((error as BazaarError).errors).toEqual(errors);
});

it('returns partial data and errors, and does not repeat them', async () => {
  const body = { data: { a: 1, b: null }, errors: [refusal('SERVICE_UNAVAILABLE')] };
  respond([], { body });
  expect(await client.answer('{ a b }', {}, { onError: 'NULL' })).toEqual(body);
  expect(api.received).toHaveLength(1);
});

it('does not repeat what another attempt does not change', async () => {
  respond([], { status: 404, body: 'Not Found' });
  await expect(client.request('{ a }')).rejects.toMatchObject({ code: 'NETWORK_ERROR', details: { status: 404 } });
  respond([], failed('GRAPHQL_PARSE_FAILED'));
  await expect(client.request('{')).rejects.toMatchObject({ code: 'GRAPHQL_PARSE_FAILED' });
  expect(api.received).toHaveLength(2);
});
