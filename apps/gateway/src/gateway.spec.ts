import { randomUUID } from 'node:crypto';
import { AppError, type ProductDto, products, Role } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { order, product, user } from '../test/gateway.fixture.js';
import { GatewayUnderTest } from '../test/gateway-under-test.js';

let gateway: GatewayUnderTest;

afterEach(() => gateway.close());

describe('who sees what of a user', () => {
  const jane = user();
  const start = async () => {
    gateway = await GatewayUnderTest.start({
      user: { getMany: async () => [jane], list: async () => [jane], register: async () => jane },
    });
  };
  const seen = async (token?: string) =>
    (await gateway.graphql(`{ user(id: "${jane.id}") { email profile { city } } }`, { token })).data?.user;

  it('shows the e-mail and the profile to the user themself and to admins, and to nobody else', async () => {
    await start();
    const whole = { email: 'jane@example.com', profile: { city: 'c' } };
    const masked = { email: 'j***@example.com', profile: null };
    expect(await seen(gateway.signIn(jane.id))).toEqual(whole);
    expect(await seen(gateway.signIn(randomUUID(), Role.ADMIN))).toEqual(whole);
    expect(await seen(gateway.signIn(randomUUID()))).toEqual(masked);
    expect(await seen()).toEqual(masked);
  });

  it('masks them in the list of users too', async () => {
    await start();
    const answer = await gateway.graphql('{ users { email profile { city } } }', {
      token: gateway.signIn(randomUUID()),
    });
    expect(answer.data?.users).toEqual([{ email: 'j***@example.com', profile: null }]);
  });

  it('shows who registers their own e-mail, though they have no token yet', async () => {
    await start();
    const register =
      'mutation { registerUser(input: { name: "Jane", email: "jane@example.com", password: "12345678" }) { email } }';
    expect(await gateway.graphql(register)).toEqual({ data: { registerUser: { email: 'jane@example.com' } } });
  });
});

describe('requests to services', () => {
  it('asks once for however many users and products an operation names', async () => {
    const all = { users: [user(), user()], products: [product(), product()] };
    gateway = await GatewayUnderTest.start({
      user: { getMany: async ({ ids }) => all.users.filter(({ id }) => ids.includes(id)) },
      product: { getMany: async ({ ids }) => all.products.filter(({ id }) => ids.includes(id)).toReversed() },
    });
    const answer = await gateway.graphql(`{
      a: user(id: "${all.users[0]?.id}") { id }
      b: user(id: "${all.users[1]?.id}") { id }
      c: user(id: "${randomUUID()}") { id }
      d: product(id: "${all.products[0]?.id}") { id }
      e: product(id: "${all.products[1]?.id.toUpperCase()}") { id }
    }`);
    expect(answer).toEqual({
      data: {
        a: { id: all.users[0]?.id },
        b: { id: all.users[1]?.id },
        c: null,
        d: { id: all.products[0]?.id },
        e: { id: all.products[1]?.id },
      },
    });
    expect(gateway.requests.sort()).toEqual(['product.getMany', 'user.getMany']);
  });

  it('hands on who calls, and nothing else of their token', async () => {
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

  it('answers SERVICE_UNAVAILABLE for what a service that is down is needed for, and all the rest as ever', async () => {
    gateway = await GatewayUnderTest.start({ product: { list: async () => [product({ name: 'Lamp' })] } });
    const token = gateway.signIn(randomUUID());
    await gateway.stop('order');
    const answer = await gateway.graphql('{ products { name } }', { token });
    expect(answer).toEqual({ data: { products: [{ name: 'Lamp' }] } });
    const { errors } = await gateway.graphql('{ orders { id } }', { token });
    expect(errors?.[0]?.extensions?.code).toBe('SERVICE_UNAVAILABLE');
  });
});

describe('tokens', () => {
  const codeOf = async (query: string, token?: string) =>
    (await gateway.graphql(query, { token })).errors?.[0]?.extensions?.code;

  it('are needed where an operation says so', async () => {
    gateway = await GatewayUnderTest.start({});
    expect(await codeOf('{ orders { id } }')).toBe('UNAUTHENTICATED');
    expect(await codeOf('mutation { cancelOrder(id: "x") { id } }')).toBe('UNAUTHENTICATED');
  });

  it('must hold wherever one is sent', async () => {
    gateway = await GatewayUnderTest.start({ product: { list: async () => [] } });
    expect(await codeOf('{ products { id } }', 'stale')).toBe('UNAUTHENTICATED');
    expect(await codeOf('{ products { id } }', '')).toBe('UNAUTHENTICATED');
    expect(await codeOf('{ products { id } }', 'two parts')).toBe('UNAUTHENTICATED');
    expect(await codeOf('{ products { id } }')).toBeUndefined();
  });

  it('are not called invalid when the user service cannot be asked', async () => {
    gateway = await GatewayUnderTest.start({ order: { list: async () => [] } });
    const token = gateway.signIn(randomUUID());
    await gateway.stop('user');
    expect(await codeOf('{ orders { id } }', token)).toBe('SERVICE_UNAVAILABLE');
  });

  it('are validated once for the many fields of one operation', async () => {
    gateway = await GatewayUnderTest.start({ order: { list: async () => [], get: async () => null } });
    const token = gateway.signIn(randomUUID());
    await gateway.graphql(`{ a: orders { id } b: orders { id } c: order(id: "${randomUUID()}") { id } }`, { token });
    expect(gateway.requests.filter((pattern) => pattern === 'user.validateToken')).toHaveLength(1);
  });
});

describe('what a caller learns of a fault', () => {
  const signedIn = (query: string, variables?: object) =>
    gateway.graphql(query, { token: gateway.signIn(randomUUID()), variables });
  const create = (price: string, stock: string) =>
    `mutation { createProduct(input: { name: "Lamp", description: "", price: ${price}, stock: ${stock} }) { id } }`;

  it("is a service's own code with its details", async () => {
    const shortages = [{ productId: randomUUID(), available: 1 }];
    gateway = await GatewayUnderTest.start({
      order: { cancel: () => Promise.reject(new AppError('INSUFFICIENT_STOCK', 'Too few are left', { shortages })) },
    });
    const { errors } = await signedIn(`mutation { cancelOrder(id: "${randomUUID()}") { id } }`);
    expect(errors).toEqual([
      {
        message: 'Too few are left',
        path: ['cancelOrder'],
        locations: [{ line: 1, column: 12 }],
        extensions: { code: 'INSUFFICIENT_STOCK', shortages, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
      },
    ]);
  });

  it('is nothing but that there is one when it is ours', async () => {
    gateway = await GatewayUnderTest.start({
      product: { list: () => Promise.reject(new Error('relation "products" does not exist')) },
      // An answer that breaks the schema is our fault too.
      user: { list: async () => [{ ...user(), name: null as unknown as string }] },
    });
    for (const query of ['{ products { id } }', '{ users { name } }']) {
      const { errors } = await signedIn(query);
      expect(errors).toHaveLength(1);
      expect(errors?.[0]?.message).toBe('Something went wrong on our side');
      expect(Object.keys(errors?.[0]?.extensions ?? {}).sort()).toEqual(['code', 'traceId']);
      expect(errors?.[0]?.extensions?.code).toBe('INTERNAL_SERVER_ERROR');
    }
  });

  it('carries the trace that the caller began', async () => {
    gateway = await GatewayUnderTest.start({});
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      payload: { query: '{ me { id } }' },
    });
    expect(answer.json().errors[0].extensions.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it.each([
    ['price', 'price', create('-1', '1')],
    ['price', 'price', create('1e309', '1')],
    ['price', 'price', create('29.999', '1')],
    ['stock', 'stock', create('1', '-5')],
    ['id', 'id', 'mutation { cancelOrder(id: "no-id") { id } }'],
    ['id of a product', 'id', '{ product(id: "no-id") { id } }'],
    ['items', 'items', 'mutation { placeOrder(input: { items: [] }) { id } }'],
    [
      'quantity of an item',
      'items.1.quantity',
      `mutation { placeOrder(input: { items: [
        { productId: "${randomUUID()}", quantity: 1 }, { productId: "${randomUUID()}", quantity: 0 }
      ] }) { id } }`,
    ],
    ['e-mail', 'email', 'mutation { registerUser(input: { name: "J", email: "j@", password: "12345678" }) { id } }'],
    [
      'password',
      'password',
      'mutation { registerUser(input: { name: "J", email: "j@x.org", password: "1234567" }) { id } }',
    ],
    [
      'null character',
      'name',
      String.raw`mutation { registerUser(input: { name: "J\u0000", email: "j@x.org", password: "12345678" }) { id } }`,
    ],
  ])('names the field that breaks a rule: %s', async (_, field, query) => {
    gateway = await GatewayUnderTest.start({});
    const { errors } = await signedIn(query);
    expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
    expect(Object.keys(errors?.[0]?.extensions?.fields as object)).toEqual([field]);
    expect(gateway.requests.filter((pattern) => pattern !== 'user.validateToken')).toEqual([]);
  });

  it.each([
    [create('1', '1.5'), 'input.stock: Int cannot represent non-integer value: 1.5'],
    [create('1', '2147483648'), 'input.stock: Int cannot represent non 32-bit signed integer value: 2147483648'],
    [create('"free"', '1'), 'input.price: Float cannot represent non numeric value: "free"'],
    [
      'mutation { placeOrder(input: { items: [{ productId: "x", quantity: 1 }, { productId: "y", quantity: 2.5 }] }) { id } }',
      'input.items.1.quantity: Int cannot represent non-integer value: 2.5',
    ],
  ])('names the field whose literal GraphQL refuses: %s', async (query, message) => {
    gateway = await GatewayUnderTest.start({});
    const { errors } = await signedIn(query);
    expect(errors?.[0]).toMatchObject({ message, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
  });

  it('names the field whose variable GraphQL refuses, and calls it bad input', async () => {
    gateway = await GatewayUnderTest.start({});
    const { errors } = await signedIn('mutation ($input: ProductInput!) { createProduct(input: $input) { id } }', {
      input: { name: 'Lamp', description: '', price: 1, stock: 1.5, color: 'red' },
    });
    expect(errors?.map(({ extensions }) => extensions?.code)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
    expect(errors?.map(({ message }) => message).join()).toMatch(/"input\.stock".*"color"/);
  });

  it('calls a null where none may be bad input, however late it comes to light', async () => {
    gateway = await GatewayUnderTest.start({});
    const { errors } = await signedIn('query ($id: ID = "x") { order(id: $id) { id } }', { id: null });
    expect(errors?.[0]).toMatchObject({
      message: 'Argument "id" of non-null type "ID!" must not be null.',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });
});

describe('products', () => {
  it('are asked for once, and again after a write through this gateway', async () => {
    let lamp = product({ stock: 5 });
    gateway = await GatewayUnderTest.start({
      product: {
        list: async () => [lamp],
        getMany: async () => [lamp],
        update: async ({ changes }) => (lamp = { ...lamp, ...(changes as Partial<ProductDto>) }),
        delete: async () => lamp,
      },
    });
    const read = async () => (await gateway.graphql(`{ products { stock } product(id: "${lamp.id}") { stock } }`)).data;
    expect(await read()).toEqual({ products: [{ stock: 5 }], product: { stock: 5 } });
    expect(await read()).toEqual({ products: [{ stock: 5 }], product: { stock: 5 } });
    expect(gateway.requests.sort()).toEqual(['product.getMany', 'product.list']);

    const token = gateway.signIn(lamp.sellerId);
    await gateway.graphql(`mutation { updateProduct(id: "${lamp.id}", input: { stock: 4 }) { id } }`, { token });
    expect(await read()).toEqual({ products: [{ stock: 4 }], product: { stock: 4 } });
  });

  it('are fresh within a second after orders have changed their stock, however many did, and cached all the while', async () => {
    let stock = 100;
    const lamp = product();
    gateway = await GatewayUnderTest.start({ product: { list: async () => [{ ...lamp, stock }] } });
    const read = async () => (await gateway.graphql('{ products { stock } }')).data?.products;
    while (stock > 0) {
      stock--;
      await gateway.publish(products.events.stockChanged, { products: [{ productId: lamp.id, version: 1, stock }] });
      await read();
    }
    await eventually(async () => expect(await read()).toEqual([{ stock: 0 }]), 1_000);
    expect(gateway.requests.length).toBeLessThan(50);
  });
});

describe('GraphiQL', () => {
  const open = (headers: Record<string, string> = {}) =>
    gateway.app.inject({ method: 'GET', url: '/graphql', headers: { accept: 'text/html,*/*;q=0.8', ...headers } });

  it('is one page that loads nothing from elsewhere', async () => {
    gateway = await GatewayUnderTest.start({});
    const page = await open();
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.body).toContain('<title>Bazaar</title>');
    expect(page.body).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)="?(https?:)?\/\//);
    expect(page.body).not.toMatch(/@import|url\(['"]?(https?:)?\/\//);

    const gzipped = await open({ 'accept-encoding': 'gzip, br' });
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(gzipped.rawPayload.length).toBeLessThan(page.rawPayload.length / 2);
    expect((await open({ 'if-none-match': String(page.headers.etag) })).statusCode).toBe(304);
  });

  it('is closed in production, and the schema cannot be asked for', async () => {
    gateway = await GatewayUnderTest.start({}, { NODE_ENV: 'production' });
    expect((await open()).body).not.toContain('GraphiQL');
    const { errors } = await gateway.graphql('{ __schema { types { name } } }');
    expect(errors?.[0]?.message).toMatch(/introspection/i);
  });
});

it('refuses what another site could send from a browser unasked', async () => {
  gateway = await GatewayUnderTest.start({});
  const answer = await gateway.app.inject({ method: 'GET', url: '/graphql?query={products{id}}' });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().errors[0].message).toMatch(/Cross-Site Request Forgery/);
});
