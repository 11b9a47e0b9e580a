import type { AddressInfo } from 'node:net';
import { AppError, orders, type Page, type ProductDto, Role } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LiveClient } from '../../../../../test/live-client.js';
import type { GatewayConfig } from '../../config.js';
import { order, product, user } from '../../../test/gateway.fixture.js';
import { GatewayUnderTest, type Services } from '../../../test/gateway-under-test.js';

const LIMIT = 4 * 1024 * 1024;

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const start = async (services: Partial<Services>, config: Partial<GatewayConfig> = {}) => {
  gateway = await GatewayUnderTest.start(services, config);
};

const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const aliased = (count: number, field: string) => times(count, (i) => `a${i}: ${field}`).join(' ');

const pageOf = (nodes: ProductDto[]): Page<ProductDto> => ({
  edges: nodes.map((node) => ({ cursor: node.id, node })),
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
});

async function answerTo(query: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { body } = await gateway.app.inject({ method: 'POST', url: '/graphql', headers, payload: { query } });
  return { bytes: Buffer.byteLength(body), ...(JSON.parse(body) as { data: unknown; errors?: object[] }) };
}

const tooLarge = (limit: number) => [
  expect.objectContaining({
    message: `The answer is larger than ${limit} bytes: select fewer rows or fields`,
    extensions: expect.objectContaining({ code: 'OPERATION_TOO_COMPLEX', limit, actual: expect.any(Number) }),
  }),
];

describe('an answer over the limit', () => {
  /** The errors of an answer without data. */
  const refusalOf = async (query: string, token?: string) => {
    const { data, errors, bytes } = await answerTo(query, token);
    expect(bytes).toBeLessThan(1_000);
    expect(data).toBeNull();
    return errors as { extensions: { actual: number } }[];
  };

  it('is refused for long texts from earlier releases, as soon as they exceed the limit', async () => {
    const old = times(100, () => product({ description: '\u0001'.repeat(10_000) }));
    await start({ product: { page: async () => pageOf(old) } });
    const errors = await refusalOf(
      `{ productConnection(first: 100) { edges { node { ${aliased(30, 'description')} } } } }`,
    );
    expect(errors).toEqual(tooLarge(LIMIT));
    expect(errors[0]!.extensions.actual).toBeLessThan(LIMIT + 100_000);
  });

  it('is refused for the length of its aliases', async () => {
    const limit = 1024 * 1024;
    await start({ product: { list: async () => times(1_000, () => product()) } }, { MAX_ANSWER_BYTES: limit });
    const alias = 'a'.repeat(95);
    for (const field of ['stock', '__typename']) {
      const fields = times(30, (i) => `${alias}${i}: ${field}`).join(' ');
      expect(await refusalOf(`{ products { ${fields} } }`)).toEqual(tooLarge(limit));
    }
  });

  it('is refused for the number of its errors', async () => {
    const list = times(1_000, () => order());
    const getMany = async () => Promise.reject(new AppError('SERVICE_UNAVAILABLE', 'The user service is unavailable'));
    await start({ order: { list: async () => list }, user: { getMany } });
    const token = gateway.signIn(list[0]!.userId, Role.ADMIN);
    expect(await refusalOf(`{ orders { ${aliased(15, 'user { id }')} } }`, token)).toEqual(tooLarge(LIMIT));
    const { errors } = await answerTo('{ orders { user { id } } }', token);
    expect(errors).toHaveLength(1_000);
  });

  it('is refused for introspection', async () => {
    await start({}, { MAX_ANSWER_BYTES: 4_096 });
    const { data, errors } = await answerTo('{ __schema { types { name fields { name description } } } }');
    expect({ data, errors }).toEqual({ data: null, errors: tooLarge(4_096) });
  });
});

it('counts the bytes of the JSON', async () => {
  const text = 'é"\\\n😀'.repeat(100);
  await start(
    { product: { list: async () => times(9, () => product({ description: text })) } },
    { MAX_ANSWER_BYTES: 20_000 },
  );
  const { bytes, errors } = await answerTo('{ products { description } }');
  expect(errors).toBeUndefined();
  expect(bytes).toBeGreaterThan(9 * 1_200);
  expect((await answerTo('{ products { a: description b: description } }')).errors).toEqual(tooLarge(20_000));
});

it('skips the remaining resolvers', async () => {
  const list = times(100, () => product({ description: 'x'.repeat(1_000) }));
  await start({ product: { list: async () => list }, user: { getMany: async () => [] } }, { MAX_ANSWER_BYTES: 2_000 });
  const { errors } = await answerTo(`{ products { ${aliased(3, 'description')} seller { id } } }`);
  expect(errors).toEqual(tooLarge(2_000));
  expect(gateway.requests).not.toContain('user.getMany');
});

it('limits each update of a subscription', async () => {
  const jane = user();
  const stored = order({ userId: jane.id, shippingAddress: 'x'.repeat(500) });
  await start(
    { order: { get: async ({ id }) => (id === stored.id ? stored : null) } },
    { PORT: 0, MAX_ANSWER_BYTES: 1_024 },
  );
  const { port } = gateway.app.getHttpServer().address() as AddressInfo;
  const client = new LiveClient(`http://127.0.0.1:${port}`, gateway.signIn(jane.id));
  const large = client.subscribe(`subscription { orderUpdated { ${aliased(3, 'shippingAddress')} } }`);
  const small = client.subscribe('subscription { orderUpdated { id } }');
  await client.listening();
  for (let i = 1; i <= 3; i++) {
    await gateway.publish(orders.events.processing, {
      orderId: stored.id,
      userId: jane.id,
      version: (stored.version += 1),
    });
    await eventually(() => expect(small.received).toHaveLength(i));
  }
  await eventually(() => expect(large.errors.length).toBeGreaterThan(0));
  expect(large.errors[0]).toEqual(tooLarge(1_024)[0]);
  expect(large.received).toEqual([]);
  await client.close();
});
