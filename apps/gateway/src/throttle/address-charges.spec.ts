import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeAll } from '../../test/closing.js';
import { query, send, start } from '../../test/rate-limits.fixture.js';

const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const LIST = '{ products { id name } }';
const PLACE = `mutation { placeOrder(input: { items: [{ productId: "${randomUUID()}", quantity: 1 }] }) { id } }`;

afterEach(closeAll);

describe('the cost of the operations of an address', () => {
  it('is limited for all users there together', async () => {
    const gateway = await start({ COST_LIMIT: 10_000, ADDRESS_COST_LIMIT: 12_000 });
    const tokens = times(3, () => gateway.signIn(randomUUID()));
    const codes: unknown[] = [];
    for (let i = 0; i < 12; i++) codes.push((await query(gateway, LIST, { token: tokens[i % 3]! })).code);
    expect(codes.filter((code) => code === undefined).length).toBeLessThan(12);
    const refused = await query(gateway, LIST, { token: gateway.signIn(randomUUID()) });
    expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(refused.errors?.[0]?.message).toMatch(/^Too many expensive operations from this address/);
    expect((await query(gateway, LIST, { from: '192.0.2.2' })).code).toBeUndefined();
  });

  it('is limited for each user, from any address', async () => {
    const gateway = await start({ COST_LIMIT: 10_000 });
    const token = gateway.signIn(randomUUID());
    const codes = [];
    for (let i = 0; i < 5; i++) codes.push((await query(gateway, LIST, { token, from: `192.0.2.${i}` })).code);
    expect(codes.slice(-1)).toEqual(['RATE_LIMITED']);
    expect((await query(gateway, LIST, { token: gateway.signIn(randomUUID()) })).code).toBeUndefined();
  });

  it.each([
    ['invalid documents', () => ({ query: `{ ${times(100, () => `a${randomUUID().slice(0, 8)}`).join(' ')} }` })],
    ['unknown documents', () => ({ query: `{ a${randomUUID().slice(0, 8)}: __typename #${'x'.repeat(2_000)}\n }` })],
    ['introspection', () => ({ query: '{ __schema { types { fields { name description } } } }' })],
    ['the smallest query', () => ({ query: '{ __typename }' })],
  ])('includes %s', async (_, payload) => {
    const gateway = await start({ ADDRESS_COST_LIMIT: 12_000 });
    const codes: unknown[] = [];
    for (let i = 0; i < 25; i++) codes.push((await send(gateway, { payload: payload() })).code);
    expect(codes[0]).not.toBe('RATE_LIMITED');
    expect(codes.at(-1)).toBe('RATE_LIMITED');
  });

  it('allows thirty orders per minute in production, and several pages of products per second', async () => {
    const gateway = await start({ NODE_ENV: 'production' });
    const remaining = ({ headers }: { headers: Record<string, unknown> }) =>
      Number(/"cost";r=(\d+)/.exec(String(headers.ratelimit))?.[1]);
    const token = gateway.signIn(randomUUID());
    const remainingAfter = async (text: string) => remaining(await query(gateway, text, { token }));
    const before = await remainingAfter('{ me { id } }');
    const order = before - (await remainingAfter(PLACE));
    expect(30 * order).toBeLessThan(before);
    const NODE = 'edges { node { id name price stock description createdAt updatedAt seller { name } } }';
    const beforePage = await remainingAfter('{ me { id } }');
    const page = beforePage - (await remainingAfter(`{ productConnection(first: 50) { ${NODE} } }`));
    expect(4 * 60 * page).toBeLessThan(before);
  });
});
