import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { AppError } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { order } from '../../test/gateway.fixture.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { HttpConnection } from '../../test/http-connection.js';
import { OperationTurns } from './limits/operation-turns.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

it.each(['POST', 'GET'] as const)('blocks a %s request that a browser sends without a preflight', async (method) => {
  gateway = await GatewayUnderTest.start({ product: { list: async () => [] } });
  const simple = {
    POST: { payload: '{ "query": "{ products { id } }" }', headers: { 'content-type': 'text/plain' } },
    GET: {},
  };
  const { statusCode, body } = await gateway.app.inject({
    method,
    url: '/graphql?query={products{id}}',
    ...simple[method],
  });
  expect(statusCode).toBe(400);
  expect(JSON.parse(body).errors[0]).toMatchObject({
    message: expect.stringContaining('Cross-Site Request Forgery'),
    extensions: { code: 'BAD_REQUEST' },
  });
  expect(gateway.requests).toEqual([]);
});

it.each([
  ['an explorable API, with suggestions', {}, 'Did you mean'],
  ['another API, without suggestions', { GRAPHIQL: 'false' as const }, 'Cannot query field "produts" on type "Query".'],
])('lists the first errors of a document that is not valid: %s', async (_, environment, message) => {
  gateway = await GatewayUnderTest.start({}, environment);
  const produts = Array.from({ length: 25 }, (_, i) => `a${i}: produts`);
  const { errors = [] } = await gateway.graphql(`{ ${produts.join(' ')} }`);
  expect(errors).toHaveLength(6);
  expect(errors[0]!.message).toContain(message);
  expect(errors.at(-1)!.message).toContain('Too many validation errors');
});

it('completes requests in flight during shutdown, and closes their connections', async () => {
  let finish = () => {};
  const slow = new Promise<void>((resolve) => (finish = resolve));
  gateway = await GatewayUnderTest.start({ product: { list: () => slow.then(() => []) } }, { PORT: 0 });
  const connection = new HttpConnection(gateway);
  connection.send('{ products { id } }');
  await eventually(() => expect(gateway.requests).toEqual(['product.list']));
  const closed = gateway.app.close();
  await eventually(() => expect(gateway.app.getHttpServer().listening).toBe(false));
  finish();
  expect(await connection.ended()).toMatch(/^HTTP\/1.1 200 OK.*connection: close.*\{"data":\{"products":\[\]\},/s);
  await closed;
});

it('serves requests during the shutdown delay, and closes their connections', async () => {
  const list = async () => [];
  gateway = await GatewayUnderTest.start({ product: { list } }, { PORT: 0, SHUTDOWN_DELAY_MS: 500 });
  const { port } = gateway.app.getHttpServer().address() as AddressInfo;
  const closed = gateway.app.close();
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{ "query": "{ products { id } }" }',
  });
  expect(await answer.json()).toMatchObject({ data: { products: [] } });
  expect(answer.headers.get('connection')).toBe('close');
  await closed;
});

describe('an operation with a large answer', () => {
  const LARGE = '{ orders { id total status createdAt items { id quantity } } }';

  it('waits for its turn, and delays neither small ones nor mutations', async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const begun: number[] = [];
    const list = async () => {
      begun.push(performance.now());
      await finished;
      return [];
    };
    gateway = await GatewayUnderTest.start({ order: { list, cancel: async () => order(), get: async () => null } });
    const token = () => gateway.signIn(randomUUID());
    const answers = [LARGE, LARGE, LARGE].map((query) => gateway.graphql(query, { token: token() }));
    await eventually(() => expect(begun).not.toEqual([]));

    const id = randomUUID();
    const small = await gateway.graphql(`{ order(id: "${id}") { id } }`, { token: token() });
    expect(small.data).toEqual({ order: null });
    const cancel = await gateway.graphql(`mutation { cancelOrder(id: "${id}") { id } }`, { token: token() });
    expect(cancel.errors).toBeUndefined();

    await eventually(() => expect(begun).toHaveLength(3));
    // Each begins half a second after the one before it, which has not ended. The first can be seen late.
    expect(begun[2]! - begun[0]!).toBeGreaterThan(600);
    finish();
    for (const { data } of await Promise.all(answers)) expect(data).toEqual({ orders: [] });
  });

  it('takes a turn for its cost: that of a mutation leaves out the work', async () => {
    const take = jest.spyOn(OperationTurns.prototype, 'take');
    try {
      gateway = await GatewayUnderTest.start({ order: { list: async () => [], cancel: async () => order() } });
      const token = gateway.signIn(randomUUID());
      await gateway.graphql(LARGE, { token });
      const fields = 'id total status createdAt items { id quantity }';
      await gateway.graphql(`mutation { cancelOrder(id: "${randomUUID()}") { ${fields} } }`, { token });
      const [[query], [mutation]] = take.mock.calls as [[number], [number]];
      expect(query).toBeGreaterThan(100);
      expect(mutation).toBeLessThanOrEqual(100);
    } finally {
      take.mockRestore();
    }
  });

  it('ends its turn if it fails, too', async () => {
    let calls = 0;
    const list = async () => {
      if (calls++ % 2 === 0) throw new AppError('SERVICE_TIMEOUT', 'No reply');
      return [];
    };
    gateway = await GatewayUnderTest.start({ order: { list } });
    for (let i = 0; i < 3; i++) {
      const token = gateway.signIn(randomUUID());
      expect((await gateway.graphql(LARGE, { token })).errors).toHaveLength(1);
      expect((await gateway.graphql(LARGE, { token })).data).toEqual({ orders: [] });
    }
  });
});
