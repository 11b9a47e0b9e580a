import { randomUUID } from 'node:crypto';
import { type OrderDto, OrderStatus, Role } from '@app/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { order, product, user } from '../../test/gateway.fixture.js';
import { GatewayUnderTest, type GraphQLAnswer, type Services } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

const codeOf = ({ errors }: GraphQLAnswer) => errors?.[0]?.extensions?.code;

describe('the status of an order', () => {
  it('can be set by admins only', async () => {
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

it('passes the caller to the order service, and no other part of the token', async () => {
  const placed: unknown[] = [];
  gateway = await GatewayUnderTest.start({
    order: {
      place: async (input) => {
        placed.push(input);
        return order();
      },
    },
  });
  const userId = randomUUID();
  const productId = randomUUID();
  const place = `mutation { placeOrder(input: { items: [{ productId: "${productId}", quantity: 2 }] }) { status } }`;
  expect(await gateway.graphql(place, { token: gateway.signIn(userId) })).toEqual({
    data: { placeOrder: { status: 'PENDING' } },
  });
  expect(placed).toEqual([{ caller: { userId, role: 'CUSTOMER' }, order: { items: [{ productId, quantity: 2 }] } }]);
});

describe('the user and the products of an order', () => {
  /** Creates orders, each with its own customer and two products. */
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

  it('are the current ones', async () => {
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

  it('are null if they are deleted or their service is unavailable, without failing the order', async () => {
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

  it.each([5, 500])('are read in one request each for %d orders', async (count) => {
    const { orders } = await start(count);
    const { data, errors } = await read(gateway.signIn(randomUUID(), Role.ADMIN));
    expect(errors).toBeUndefined();
    expect(data?.orders).toHaveLength(orders.length);
    expect(gateway.requests.sort()).toEqual(['order.list', 'product.getMany', 'user.getMany', 'user.validateToken']);
  });

  it('are read in batches of at most 1000 ids', async () => {
    const batches: number[] = [];
    const { products } = await start(700, {
      product: {
        getMany: async ({ ids }) => {
          batches.push(ids.length);
          return products.filter(({ id }) => ids.includes(id));
        },
      },
    });
    const { errors } = await read(gateway.signIn(randomUUID(), Role.ADMIN));
    expect(errors).toBeUndefined();
    expect(batches).toEqual([1_000, 400]);
  });
});
