import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewayUnderTest } from '../../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const JSON_BODY = { 'content-type': 'application/json' };

describe('a request that GraphQL does not receive', () => {
  it.each([
    ['incomplete JSON', 400, 'BAD_REQUEST', { method: 'POST', headers: JSON_BODY, payload: '{ "query": ' }],
    ['no body', 400, 'BAD_REQUEST', { method: 'POST', headers: JSON_BODY }],
    [
      'a batch of operations',
      400,
      'BAD_REQUEST',
      { method: 'POST', headers: JSON_BODY, payload: '[{ "query": "{ me { id } }" }]' },
    ],
    [
      'an unsupported content type',
      415,
      'BAD_REQUEST',
      { method: 'POST', headers: { 'content-type': 'application/xml' }, payload: '<query/>' },
    ],
    ['a too long body', 413, 'PAYLOAD_TOO_LARGE', { method: 'POST', headers: JSON_BODY, payload: ' '.repeat(300_000) }],
    ['an unsupported method', 405, 'BAD_REQUEST', { method: 'DELETE' }],
    ['an unknown path', 404, 'BAD_REQUEST', { method: 'POST', url: '/graph', headers: JSON_BODY, payload: '{}' }],
  ] as const)('gets an error in the format of GraphQL: %s', async (_, status, code, request) => {
    gateway = await GatewayUnderTest.start({});
    const answer = await gateway.app.inject({ url: '/graphql', ...request });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const { errors, ...rest } = answer.json();
    expect(rest).toEqual({});
    expect(errors).toEqual([
      {
        message: expect.any(String),
        extensions: { code, traceId: String(answer.headers.traceresponse).split('-')[1] },
      },
    ]);
  });

  it('gets SERVICE_UNAVAILABLE while too many responses are unsent', async () => {
    gateway = await GatewayUnderTest.start({}, { MAX_UNSENT_BYTES: -1 });
    const answer = await gateway.app.inject({ url: '/graphql', method: 'POST', headers: JSON_BODY, payload: '{}' });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'x-content-type-options': 'nosniff' });
    const traceId = String(answer.headers.traceresponse).split('-')[1];
    expect(answer.json().errors).toEqual([
      { message: expect.any(String), extensions: { code: 'SERVICE_UNAVAILABLE', traceId } },
    ]);
  });

  it('has its own format for health', async () => {
    gateway = await GatewayUnderTest.start({});
    const { statusCode, body } = await gateway.app.inject({ method: 'GET', url: '/health/nothing' });
    expect(statusCode).toBe(404);
    expect((await gateway.app.inject({ method: 'GET', url: '/health/live' })).json()).toEqual({ status: 'ok' });
    expect(body).toContain('BAD_REQUEST');
  });
});
