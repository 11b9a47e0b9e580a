import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { gql } from '@urql/core';
import { lastValueFrom } from 'rxjs';
import { codeOf, createApolloClient } from '../examples/apollo/client.js';
import { LOG_IN, ORDER_UPDATED, PLACE_ORDER, PRODUCTS } from '../examples/apollo/operations.js';
import { Session } from '../examples/apollo/session.js';
import { Shop } from '../examples/urql/client.js';
import { eventually } from '../libs/testing/src/eventually.js';
import { Client, newCustomer, type Customer, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';

/** Two tabs share it. */
class MemoryStorage implements Storage {
  private readonly items = new Map<string, string>();

  get length(): number {
    return this.items.size;
  }

  key = (index: number) => [...this.items.keys()][index] ?? null;
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
  clear = () => this.items.clear();
}

let stack: Stack;
let seller: Customer;

beforeAll(async () => {
  stack = await startStack();
  seller = await newCustomer(stack.url);
});

afterAll(() => stack?.stop());

/** Resolves when the gateway rejects the token. To a client, it is then like one that has expired. */
async function endSession(token: string): Promise<void> {
  const holder = new Client(stack.url, token);
  await holder.data('mutation { logoutUser }');
  await eventually(async () => expect(await holder.refusal('{ me { id } }')).toBe('UNAUTHENTICATED'));
}

describe('urql', () => {
  const ME = gql<{ me: { id: string } }>`
    {
      me {
        id
      }
    }
  `;
  const PROFILE = gql<{ user: { email: string } }, { id: string }>`
    query ($id: ID!) {
      user(id: $id) {
        email
      }
    }
  `;

  test('keeps two tabs logged in that refresh at once, three times', async () => {
    const customer = await newCustomer(stack.url);
    const { token: invalid } = await newCustomer(stack.url);
    await endSession(invalid!);
    const storage = new MemoryStorage();
    let ends = 0;
    const tabs = [0, 1].map(() => new Shop(`${stack.url}/graphql`, storage, () => ends++));
    await tabs[0]!.logIn(customer.email, customer.password);
    for (let round = 0; round < 3; round++) {
      const refreshToken = storage.getItem('refreshToken');
      storage.setItem('accessToken', invalid!);
      const answers = await Promise.all(
        tabs.flatMap(({ client }) => [
          client.query(ME, {}).toPromise(),
          client.query(PROFILE, { id: customer.id }).toPromise(),
        ]),
      );
      for (const { error } of answers) expect(error).toBeUndefined();
      const expected = [{ me: { id: customer.id } }, { user: { email: customer.email } }];
      expect(answers.map(({ data }) => data)).toMatchObject([...expected, ...expected]);
      expect(storage.getItem('refreshToken')).not.toBe(refreshToken);
    }
    expect(ends).toBe(0);
  });

  test('repeats an operation whose token was replaced meanwhile, without another refresh', async () => {
    const { email, password, token: invalid } = await newCustomer(stack.url);
    const storage = new MemoryStorage();
    const tab = new Shop(`${stack.url}/graphql`, storage, () => {});
    await endSession(invalid!);
    await tab.logIn(email, password);
    const [valid, refreshToken] = [storage.getItem('accessToken')!, storage.getItem('refreshToken')];
    storage.setItem('accessToken', invalid!);
    const answer = tab.client.query(ME, {}).toPromise();
    storage.setItem('accessToken', valid);
    expect((await answer).data?.me).toBeDefined();
    expect(storage.getItem('refreshToken')).toBe(refreshToken);
  });

  test('deletes the tokens once the session has ended, and can log in again', async () => {
    const { email, password } = await newCustomer(stack.url);
    const storage = new MemoryStorage();
    let ends = 0;
    const tab = new Shop(`${stack.url}/graphql`, storage, () => ends++);
    await tab.logIn(email, password);
    await endSession(storage.getItem('accessToken')!);
    const { error } = await tab.client.query(ME, {});
    expect(error?.graphQLErrors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(storage.length).toBe(0);
    expect(ends).toBe(1);
    await tab.logIn(email, password);
    expect((await tab.client.query(ME, {})).data?.me).toBeDefined();
  });
});

describe('Apollo Client', () => {
  let storage: MemoryStorage;
  let client: ReturnType<typeof createApolloClient>;

  beforeEach(async () => {
    const { email, password } = await newCustomer(stack.url);
    storage = new MemoryStorage();
    const session = new Session(`${stack.url}/graphql`, storage, () => {
      throw new Error('The session has ended');
    });
    client = createApolloClient(session);
    const { data } = await client.mutate({ mutation: LOG_IN, variables: { email, password } });
    session.save(data!.loginUser);
  });

  afterEach(() => client.stop());

  const order = (product: Product, quantity: number) =>
    client.mutate({
      mutation: PLACE_ORDER,
      variables: {
        items: [{ productId: product.id, quantity }],
        expectedTotal: product.price * quantity,
        idempotencyKey: randomUUID(),
      },
    });

  test('adds the pages of a connection to each other', async () => {
    const search = `w${randomUUID().replaceAll('-', '')}`;
    const created: Product[] = [];
    for (const price of [1, 2, 3]) created.push(await seller.createProduct({ name: `${search} teapot`, price }));
    const query = client.watchQuery({ query: PRODUCTS, variables: { search, first: 2 } });
    const results: string[][] = [];
    const subscription = query.subscribe(({ data, dataState }) => {
      if (dataState === 'complete') results.push(data.productConnection.edges.map(({ node }) => node.id));
    });
    const ids = created.map(({ id }) => id);
    await eventually(() => expect(results).toEqual([ids.slice(0, 2)]));
    const { endCursor } = query.getCurrentResult().data!.productConnection!.pageInfo as { endCursor: string };
    await query.fetchMore({ variables: { after: endCursor } });
    await eventually(() => expect(results.at(-1)).toEqual(ids));
    subscription.unsubscribe();
  });

  test('shows an order live, and an order that fails by its code', async () => {
    const product = await seller.createProduct({ stock: 3, price: 5 });
    const updates: unknown[] = [];
    const subscription = client
      .subscribe({ query: ORDER_UPDATED, variables: {} })
      .subscribe(({ data, error }) => updates.push(data?.orderUpdated ?? error));
    // The gateway starts the subscriptions of a socket one after another.
    const unknown = client.subscribe({ query: ORDER_UPDATED, variables: { id: randomUUID() } });
    expect(codeOf((await lastValueFrom(unknown)).error)).toBe('ORDER_NOT_FOUND');
    const { data } = await order(product, 2);
    const { id } = data!.placeOrder;
    await eventually(() => expect(updates.at(-1)).toMatchObject({ id, orderStatus: 'PROCESSING', total: 10 }));
    subscription.unsubscribe();
    expect(codeOf(await order(product, 2).catch((error: unknown) => error))).toBe('INSUFFICIENT_STOCK');
    expect(codeOf(await order({ ...product, price: 4 }, 1).catch((error: unknown) => error))).toBe('PRICE_CHANGED');
  });

  test('refreshes a token that is no longer valid, once for all operations, over HTTP and WebSocket', async () => {
    const refreshed = jest.spyOn(storage, 'setItem');
    const product = await seller.createProduct({ stock: 10 });
    const { token: invalid } = await newCustomer(stack.url);
    await endSession(invalid!);
    storage.setItem('accessToken', invalid!);
    refreshed.mockClear();
    const variables = { search: product.name, first: 1 };
    await Promise.all([order(product, 1), order(product, 1), client.query({ query: PRODUCTS, variables })]);
    expect(refreshed.mock.calls.map(([name]) => name)).toEqual(['accessToken', 'refreshToken']);
    storage.setItem('accessToken', invalid!);
    const unknown = client.subscribe({ query: ORDER_UPDATED, variables: { id: randomUUID() } });
    expect(codeOf((await lastValueFrom(unknown)).error)).toBe('ORDER_NOT_FOUND');
    expect(storage.getItem('accessToken')).not.toBe(invalid);
  });
});
