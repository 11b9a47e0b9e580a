import { randomUUID } from 'node:crypto';
import { type OrderCount, type OrderDto, type OrderPage, OrderStatus, Role } from '@app/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { order, product, user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest, type GraphQLAnswer, type Services } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const codeOf = ({ errors }: GraphQLAnswer) => errors?.[0]?.extensions?.code;

describe('the status of an order', () => {
  it('is set by admins alone', async () => {
    const changed = order({ status: OrderStatus.SHIPPED });
    gateway = await GatewayUnderTest.start({ order: { updateStatus: async () => changed } });
    const set = (token?: string) =>
      gateway.graphql(`mutation { updateOrderStatus(id: "${changed.id}", status: SHIPPED) { status } }`, { token });
    expect(codeOf(await set())).toBe('UNAUTHENTICATED');
    expect(codeOf(await set(gateway.signIn(changed.userId)))).toBe('FORBIDDEN');
    expect(gateway.requests).not.toContain('order.updateStatus');
    expect((await set(gateway.signIn(randomUUID(), Role.ADMIN))).data).toEqual({
      updateOrderStatus: { status: 'SHIPPED' },
    });
  });
});

describe('pages of orders', () => {
  it('are asked for as the caller says, and counted only where that is asked for, by the same filter', async () => {
    const asked: (OrderPage | OrderCount)[] = [];
    const one = order();
    const pageInfo = { hasNextPage: false, hasPreviousPage: true, startCursor: 'a', endCursor: 'a' };
    gateway = await GatewayUnderTest.start({
      order: {
        page: async (input) => {
          asked.push(input);
          return { edges: [{ cursor: 'a', node: one }], pageInfo };
        },
        count: async (input) => {
          asked.push(input);
          return 42;
        },
      },
    });
    const caller = { userId: one.userId, role: Role.CUSTOMER };
    const token = gateway.signIn(one.userId);
    const page = '(first: 5, after: "b", filter: { status: SHIPPED })';
    const edges = 'edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
    const connection = { edges: [{ cursor: 'a', node: { id: one.id } }], pageInfo };

    expect((await gateway.graphql(`{ orderConnection${page} { ${edges} } }`, { token })).data).toEqual({
      orderConnection: connection,
    });
    expect(asked).toEqual([{ caller, page: { first: 5, after: 'b', filter: { status: 'SHIPPED' } } }]);

    asked.length = 0;
    expect((await gateway.graphql(`{ orderConnection${page} { totalCount ${edges} } }`, { token })).data).toEqual({
      orderConnection: { totalCount: 42, ...connection },
    });
    expect(asked[1]).toEqual({ caller, filter: { status: 'SHIPPED' } });

    await gateway.graphql('{ orderConnection { totalCount } }', { token });
    expect(asked.slice(2)).toEqual([
      { caller, page: { first: 20 } },
      { caller, filter: {} },
    ]);
  });

  it.each([
    ['first', '(first: 0)'],
    ['first', '(first: 101)'],
    ['after', '(after: "")'],
    ['filter.userId', '(filter: { userId: "no-id" })'],
  ])('name the argument that breaks a rule: %s', async (field, page) => {
    gateway = await GatewayUnderTest.start({});
    const token = gateway.signIn(randomUUID());
    const answer = await gateway.graphql(`{ orderConnection${page} { pageInfo { hasNextPage } } }`, { token });
    expect(codeOf(answer)).toBe('BAD_USER_INPUT');
    expect(Object.keys(answer.errors?.[0]?.extensions?.fields as object)).toEqual([field]);
  });
});

describe('what belongs to an order', () => {
  /** As many orders, each of a customer and with two products of its own. */
  const start = async (count: number, services: Partial<Services> = {}) => {
    const users = Array.from({ length: count }, () => user());
    const products = Array.from({ length: 2 * count }, (_, i) => product({ sellerId: users[i % count]!.id }));
    const orders = users.map(({ id }, i): OrderDto =>
      order({
        userId: id,
        items: products
          .slice(2 * i, 2 * i + 2)
          .map(({ id, price }) => ({ id: randomUUID(), productId: id, quantity: 1, price })),
      }),
    );
    gateway = await GatewayUnderTest.start({
      user: { getMany: async ({ ids }) => users.filter(({ id }) => ids.includes(id)) },
      product: { getMany: async ({ ids }) => products.filter(({ id }) => ids.includes(id)) },
      order: { list: async () => orders },
      ...services,
    });
    return { users, products, orders };
  };
  const read = (token: string) =>
    gateway.graphql('{ orders { id user { id email } items { id product { id name seller { id email } } } } }', {
      token,
    });

  it('is its customer, and the products as they are now', async () => {
    const { users, products, orders } = await start(2);
    const [first] = ((await read(gateway.signIn(users[0]!.id))).data?.orders ?? []) as unknown[];
    expect(first).toEqual({
      id: orders[0]!.id,
      user: { id: users[0]!.id, email: 'jane@example.com' },
      items: orders[0]!.items.map(({ id }, i) => ({
        id,
        product: {
          id: products[i]!.id,
          name: 'Lamp',
          seller: { id: users[i]!.id, email: i === 0 ? 'jane@example.com' : 'j***@example.com' },
        },
      })),
    });
  });

  it('is null where it is gone or cannot be asked for, and the order is there all the same', async () => {
    const { orders, users } = await start(1, { product: { getMany: async () => [] } });
    const token = gateway.signIn(users[0]!.id);
    const items = orders[0]!.items.map(({ id }) => ({ id, product: null }));
    expect(await read(token)).toMatchObject({ data: { orders: [{ user: { id: users[0]!.id }, items }] } });
    await gateway.stop('product');
    await gateway.stop('user');
    const answer = await read(token);
    expect(answer.data?.orders).toEqual([{ id: orders[0]!.id, user: null, items }]);
    expect(codeOf(answer)).toBe('SERVICE_UNAVAILABLE');
  });

  it.each([5, 500])('is asked for once for all of %d orders', async (count) => {
    const { orders } = await start(count);
    const { data, errors } = await read(gateway.signIn(randomUUID(), Role.ADMIN));
    expect(errors).toBeUndefined();
    expect(data?.orders).toHaveLength(orders.length);
    expect(gateway.requests.sort()).toEqual(['order.list', 'product.getMany', 'user.getMany', 'user.validateToken']);
  });

  it('is asked for in portions that services take', async () => {
    const portions: number[] = [];
    const { products } = await start(1_100, {
      product: {
        getMany: async ({ ids }) => {
          portions.push(ids.length);
          return products.filter(({ id }) => ids.includes(id));
        },
      },
    });
    const { errors } = await read(gateway.signIn(randomUUID(), Role.ADMIN));
    expect(errors).toBeUndefined();
    expect(portions).toEqual([1_000, 1_000, 200]);
  });
});
