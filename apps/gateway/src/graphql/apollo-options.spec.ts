import type { AddressInfo } from 'node:net';
import { eventually } from '@app/testing';
import { afterEach, expect, it } from '@jest/globals';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { HttpConnection } from '../../test/http-connection.js';

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
  expect(await connection.ended()).toMatch(/^HTTP\/1.1 200 OK.*connection: close.*\{"data":\{"products":\[\]\}\}/s);
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
  expect(await answer.json()).toEqual({ data: { products: [] } });
  expect(answer.headers.get('connection')).toBe('close');
  await closed;
});
