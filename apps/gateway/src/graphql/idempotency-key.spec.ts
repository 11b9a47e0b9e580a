import { randomUUID } from 'node:crypto';
import type { NewOrder, StockAdjustment } from '@app/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { order, product } from '../../test/gateway.fixture.js';
import { GatewayUnderTest, type GraphQLAnswer } from '../../test/gateway-under-test.js';

const codeOf = ({ errors }: GraphQLAnswer) => errors?.[0]?.extensions?.code;

describe('the header Idempotency-Key', () => {
  let gateway: GatewayUnderTest;
  let token: string;
  let placed: NewOrder[];
  let adjusted: StockAdjustment[];
  beforeAll(async () => {
    gateway = await GatewayUnderTest.start({
      order: {
        place: async (input) => {
          placed.push(input);
          return order();
        },
      },
      product: {
        adjustStock: async (input) => {
          adjusted.push(input);
          return product();
        },
      },
    });
    token = gateway.signIn(randomUUID());
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    placed = [];
    adjusted = [];
  });

  /** Places one order per key, in one operation. */
  const place = (header: string | undefined, ...keys: (string | null | undefined)[]) => {
    const item = `{ productId: "${randomUUID()}", quantity: 1 }`;
    const fields = keys.map((key, i) => {
      const own = key === undefined ? '' : `, idempotencyKey: ${JSON.stringify(key)}`;
      return `o${i}: placeOrder(input: { items: [${item}]${own} }) { id }`;
    });
    const headers = header === undefined ? undefined : { 'idempotency-key': header };
    return gateway.graphql(`mutation { ${fields.join(' ')} }`, { token, headers });
  };
  const keys = () => placed.map(({ order }) => order.idempotencyKey);

  it.each([
    ['quoted', '"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['quoted, with escapes', String.raw`"say \"tea\", \\ 50%"`, String.raw`say "tea", \ 50%`],
    ['bare', '8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['bare base64', 'dGVhcG90+/==', 'dGVhcG90+/=='],
    ['of maximal length', `"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('is the key of an order without its own: %s', async (_, header, key) => {
    expect((await place(header, undefined)).errors).toBeUndefined();
    expect((await place(header, null)).errors).toBeUndefined();
    expect(keys()).toEqual([key, key]);
  });

  it.each([
    ['empty', ''],
    ['an empty string', '""'],
    ['not closed', '"abc'],
    ['two', '"a", "b"'],
    ['two, bare', 'a, b'],
    ['with a parameter', '"a";b=c'],
    ['with a wrong escape', String.raw`"a\b"`],
    ['not ASCII', 'té'],
    ['a boolean', '?1'],
    ['too long', `"${'x'.repeat(256)}"`],
  ])('is refused if it is %s', async (_, header) => {
    const answer = await place(header, undefined);
    expect(codeOf(answer)).toBe('BAD_USER_INPUT');
    expect(answer.errors?.[0]?.extensions?.fields).toHaveProperty('idempotencyKey');
    expect(answer.errors?.[0]?.message).toMatch(/in double quotes, or only letters, digits and \S+ without quotes$/);
    expect(placed).toEqual([]);
  });

  it('must equal the key of the order, if it has one', async () => {
    expect(codeOf(await place('"a"', 'b'))).toBe('BAD_USER_INPUT');
    expect(placed).toEqual([]);
    expect((await place('"a"', 'a')).errors).toBeUndefined();
    expect((await place(undefined, 'b')).errors).toBeUndefined();
    expect((await place(undefined, undefined)).errors).toBeUndefined();
    expect(keys()).toEqual(['a', 'b', undefined]);
  });

  it('is the key of a change of stock as well', async () => {
    const adjust = `adjustStock(productId: "${randomUUID()}", delta: -2) { id }`;
    const headers = { 'idempotency-key': '"a"' };
    expect((await gateway.graphql(`mutation { ${adjust} }`, { token, headers })).errors).toBeUndefined();
    expect(adjusted).toMatchObject([{ delta: -2, idempotencyKey: 'a' }]);
    expect(codeOf(await gateway.graphql(`mutation { a: ${adjust} b: ${adjust} }`, { token, headers }))).toBe(
      'BAD_USER_INPUT',
    );
    expect(adjusted).toHaveLength(1);
  });

  it('is refused for an operation that places several orders, before any is placed', async () => {
    for (const answer of [await place('"a"', undefined, undefined), await place('"a"', 'a', 'b')]) {
      expect(codeOf(answer)).toBe('BAD_USER_INPUT');
      expect(answer.data).toBeNull();
    }
    const order = `placeOrder(input: { items: [{ productId: "${randomUUID()}", quantity: 1 }] }) { id }`;
    const inFragments = `mutation { ...One ... { b: ${order} } } fragment One on Mutation { a: ${order} }`;
    expect(codeOf(await gateway.graphql(inFragments, { token, headers: { 'idempotency-key': '"a"' } }))).toBe(
      'BAD_USER_INPUT',
    );
    expect(placed).toEqual([]);

    await place(undefined, 'a', 'b', undefined);
    expect(keys()).toEqual(['a', 'b', undefined]);
  });
});
