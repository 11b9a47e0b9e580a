import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { AppError } from '@app/contracts';
import { currentScope, type Scope } from '@app/telemetry';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { jane, SubscriptionsUnderTest } from '../../test/subscriptions.fixture.js';

let under: SubscriptionsUnderTest;

beforeEach(async () => {
  under = await SubscriptionsUnderTest.start();
});

afterEach(() => under.close());

async function refusal(query: string) {
  const updates = under.connect().subscribe(query);
  await eventually(() => expect(updates.isOver).toBe(true));
  return updates.errors[0];
}

describe('a subscription', () => {
  it('takes an empty name of an operation as none', async () => {
    const socket = await under.signedInSocket();
    const answered = once(socket, 'message');
    const query = `subscription A { orderUpdated(id: "${randomUUID()}") { id } }`;
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, operationName: '' } }));
    const [message] = await answered;
    expect(JSON.parse(String(message))).toMatchObject({
      type: 'next',
      payload: { errors: [{ extensions: { code: 'ORDER_NOT_FOUND' } }] },
    });
  });

  it.each([
    ['a query', '{ me { id } }', 'BAD_REQUEST'],
    ['a mutation', `mutation { cancelOrder(id: "${randomUUID()}") { id } }`, 'BAD_REQUEST'],
    ['invalid GraphQL', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { orderUpdated { nothing } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['two root fields', 'subscription { a: orderUpdated { id } b: orderUpdated { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['introspection', 'subscription { __schema { types { name } } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['no operation', 'fragment F on Order { id }', 'OPERATION_RESOLUTION_FAILURE'],
    [
      'no operation name',
      'subscription A { orderUpdated { id } } subscription B { orderUpdated { id } }',
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['a missing variable', 'subscription ($id: ID!) { orderUpdated(id: $id) { id } }', 'BAD_USER_INPUT'],
    ['too many tokens', `subscription { orderUpdated { ${'id '.repeat(2_000)} } }`, 'OPERATION_TOO_COMPLEX'],
    [
      'too many aliases',
      `subscription { orderUpdated { ${Array.from({ length: 100 }, (_, i) => `a${i}: id`).join(' ')} } }`,
      'OPERATION_TOO_COMPLEX',
    ],
    [
      'too much cost',
      `subscription { orderUpdated { ${Array.from({ length: 15 }, (_, i) => `a${i}: items { product { description } }`).join(' ')} } }`,
      'OPERATION_TOO_COMPLEX',
    ],
  ])('is refused before any request to a service: %s', async (_, query, code) => {
    expect(await refusal(query)).toMatchObject({
      extensions: { code, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    expect(under.gateway.requests.filter((pattern) => pattern !== 'user.validateToken')).toEqual([]);
  });

  it('may select all fields of an order', async () => {
    const client = under.connect();
    const updates = client.subscribe(`subscription {
      orderUpdated {
        id userId total status cancelReason shippingAddress pincode city country phoneNumber createdAt updatedAt
        user { ...everything }
        items { id quantity price product { id name price stock description createdAt updatedAt seller { ...everything } } }
      }
    }
    fragment everything on User {
      id name email role createdAt profile { bio shippingAddress pincode city country phoneNumber }
    }`);
    await client.listening();
    await under.orderChanges();
    await eventually(() => expect(updates.received).toHaveLength(1));
  });

  it('gets suggestions for misspelled fields only if the API is explorable', async () => {
    const { message } = (await refusal('subscription { orderUpdated { statu } }'))!;
    expect(message).toContain('Did you mean');
    await under.close();
    under = await SubscriptionsUnderTest.start({ GRAPHIQL: 'false' });
    expect((await refusal('subscription { orderUpdated { statu } }'))!.message).not.toContain('Did you mean');
  });

  it('is one of at most twenty per connection', async () => {
    const client = under.connect();
    const subscriptions = Array.from({ length: 21 }, () => client.orders());
    await eventually(() =>
      expect(subscriptions.filter(({ code }) => code === 'OPERATION_TOO_COMPLEX')).toHaveLength(1),
    );
    subscriptions[0]?.end();
    await client.listening();
  });

  it('counts active subscriptions only against the limit of a connection', async () => {
    const client = under.connect();
    const subscriptions = Array.from({ length: 100 }, () => client.orders());
    const rejected = () => subscriptions.filter(({ isOver }) => isOver);
    await eventually(() => expect(rejected()).toHaveLength(80));
    for (const { errors } of rejected()) expect(errors[0]?.extensions).toMatchObject({ limit: 20, actual: 21 });
  });

  it('requires a token that is still valid, and then lasts as long as the session', async () => {
    const client = under.connect();
    const before = client.orders();
    await client.listening();
    // The gateway remembers valid tokens for seconds.
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_000);
    under.validate = () => {
      throw new AppError('UNAUTHENTICATED', 'It has expired');
    };
    const after = client.orders();
    await eventually(() => expect(after.code).toBe('UNAUTHENTICATED'));
    await under.orderChanges();
    await eventually(() => expect(before.received).toHaveLength(1));
    jest.restoreAllMocks();
  });

  it('is named with its user in each line of the log, as long as it lasts', async () => {
    const scopes: (Scope | undefined)[] = [];
    Logger.overrideLogger({ log: () => {}, warn: () => {}, error: () => scopes.push(currentScope()) });
    try {
      const client = under.connect();
      client.subscribe('subscription { orderUpdated { total } }');
      await client.listening();
      for (const count of [1, 2]) {
        await under.orderChanges({ total: 'much' as unknown as number }); // an internal error
        await eventually(() => expect(scopes).toHaveLength(count));
      }
    } finally {
      Logger.overrideLogger(['error', 'fatal']);
    }
    expect(scopes[0]).toEqual({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      requestId: expect.stringMatching(/^message-/),
      userId: jane.userId,
      pattern: 'orderUpdated',
    });
    expect(scopes[1]).toEqual(scopes[0]);
  });
});
