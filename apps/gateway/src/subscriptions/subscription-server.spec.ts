import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { AppError, users } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { closeOf, jane, send, SubscriptionsUnderTest } from '../../test/subscriptions.fixture.js';

let under: SubscriptionsUnderTest;

beforeEach(async () => {
  under = await SubscriptionsUnderTest.start({ CORS_ORIGINS: 'https://shop.example' });
});

afterEach(() => under.close());

describe('a connection', () => {
  it('requires an access token', async () => {
    for (const params of [{}, { Authorization: 'token' }, { Authorization: 7 }, { token: 'token' }])
      expect(await under.connect(params).closed).toMatchObject({ code: 4401, reason: 'An access token is required' });
    for (const authorization of ['bearer token', 'Bearer   token', ' Bearer token '])
      await under.connect({ authorization }).listening();
  });

  it('is closed with 4403 if the token is not valid, so that clients get a new one', async () => {
    under.validate = () => {
      throw new AppError('UNAUTHENTICATED', 'It has expired');
    };
    expect(await under.connect().closed).toMatchObject({ code: 4403, reason: 'The access token is not valid' });
    expect(await under.connect('x'.repeat(5_000)).closed).toMatchObject({ code: 4403 });
  });

  it('is opened again with the next token by graphql-ws, which keeps its subscriptions', async () => {
    under.validate = (token) => {
      if (token === 'expired') throw new AppError('UNAUTHENTICATED', 'It has expired');
      return jane;
    };
    const received: unknown[] = [];
    const codes: unknown[] = [];
    let token = 'expired';
    const client = createClient({
      url: `${under.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: () => ({ Authorization: `Bearer ${token}` }),
      retryWait: async () => {},
      on: {
        closed: (event) => {
          codes.push((event as { code: number }).code);
          token = 'fresh';
        },
      },
    });
    const end = client.subscribe(
      { query: 'subscription { orderUpdated { id } }' },
      { next: ({ data }) => received.push(data), error: (error) => codes.push(error), complete: () => {} },
    );
    await eventually(async () => {
      await under.orderChanges();
      expect(received).not.toEqual([]);
    });
    expect(codes).toEqual([4403]);
    end();
    await client.dispose();
  });

  it('is closed with 1013 if the token cannot be validated now, so that clients retry', async () => {
    await under.gateway.stop('user');
    expect(await under.connect().closed).toMatchObject({ code: 1013 });
  });

  it('is closed if the client does not send its token in time', async () => {
    const socket = under.socket();
    expect(await closeOf(socket)).toMatchObject({ code: 4408 });
  });

  it('is closed if the client subscribes before it sends its token', async () => {
    const socket = under.socket();
    await once(socket, 'open');
    send(socket, { type: 'subscribe', id: '1', payload: { query: 'subscription { orderUpdated { id } }' } });
    expect(await closeOf(socket)).toMatchObject({ code: 4401 });
    expect(under.gateway.requests).toEqual([]);
  });

  it('supports graphql-transport-ws at /graphql only', async () => {
    await expect(once(under.socket({ protocol: 'graphql-ws' }), 'open')).rejects.toThrow('no subprotocol');
    expect(await closeOf(under.socket({ protocol: [] }))).toMatchObject({ code: 4406 });
    expect(await under.handshake({ path: '/' })).toBe(400);
    expect(await under.handshake({ path: '/graphql2' })).toBe(400);
  });

  it('is allowed for pages of the same origin and of CORS_ORIGINS, and for clients without an origin', async () => {
    expect(await under.handshake({})).toBe(101);
    expect(await under.handshake({ origin: under.url })).toBe(101);
    expect(await under.handshake({ origin: 'https://shop.example' })).toBe(101);
    for (const origin of ['https://evil.example', 'https://shop.example.evil.example', 'null'])
      expect(await under.handshake({ origin })).toBe(403);
  });

  it('is closed by a message that is too long or not part of the protocol', async () => {
    const messages = ['x'.repeat(64 * 1024 + 1), 'not JSON', '{"type":"next","id":"1","payload":{}}', '[]', 'null'];
    for (const [index, code] of [1009, 4400, 4400, 4400, 4400].entries()) {
      const socket = await under.signedInSocket();
      socket.send(messages[index]!);
      expect(await closeOf(socket)).toMatchObject({ code });
    }
  });

  it('is limited to ten per user', async () => {
    const clients = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const client = under.connect();
        await client.listening();
        return client;
      }),
    );
    expect(await under.connect().closed).toMatchObject({
      code: 1013,
      reason: 'The limit of WebSockets per user is 10',
    });
    await clients[0]?.close();
    await eventually(() => under.connect().listening());
  });

  it('is closed at shutdown, which does not wait for clients', async () => {
    const client = under.connect();
    const paused = await under.signedInSocket();
    await client.listening();
    paused.pause();
    await under.gateway.app.close();
    expect(await client.closed).toMatchObject({ code: 1001, reason: 'The server is stopping' });
  });
});

describe('HTTP', () => {
  it('is served if the request offers another protocol, as the client of Java does', async () => {
    const sent = request(`${under.url}/graphql`, {
      method: 'POST',
      headers: { connection: 'Upgrade', upgrade: 'h2c', 'content-type': 'application/json' },
    });
    sent.end('{"query":"{ __typename }"}');
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    expect(response.statusCode).toBe(200);
    response.resume();
  });
});

describe('the end of a session', () => {
  const ended = { code: 4403, reason: 'The session has ended' };

  it('closes its connections only, at once', async () => {
    const [janes, others] = [under.connect('jane'), under.connect('other')];
    under.validate = (token) => (token === 'jane' ? jane : { ...jane, sessionId: randomUUID() });
    await janes.listening();
    await others.listening();
    const updates = others.orders();
    await others.listening();
    await under.gateway.publish(users.events.sessionEnded, { sessionIds: [jane.sessionId, randomUUID()] });
    expect(await janes.closed).toEqual(ended);
    expect(await under.connect('jane').closed).toMatchObject({ code: 4403 });
    await under.orderChanges();
    await eventually(() => expect(updates.received).toHaveLength(1));
  });

  it('is found without an event', async () => {
    const [janes, others] = [under.connect('jane'), under.connect('other')];
    under.validate = (token) => (token === 'jane' ? jane : { ...jane, sessionId: randomUUID() });
    await janes.listening();
    await others.listening();
    under.endedSessions = (ids) => ids.filter((id) => id === jane.sessionId);
    await under.halfAMinute(janes, others);
    expect(await janes.closed).toEqual(ended);
    await others.listening();
  });

  it('is not assumed while the user service is unavailable', async () => {
    const client = under.connect();
    under.endedSessions = () => {
      throw new AppError('SERVICE_UNAVAILABLE', 'unavailable');
    };
    await under.halfAMinute(client);
    await expect(client.listening()).resolves.toBeUndefined();
  });
});

test('the limits of sockets and subscriptions are settings', async () => {
  await under.close();
  under = await SubscriptionsUnderTest.start({ MAX_SOCKETS_PER_USER: 1, MAX_SUBSCRIPTIONS_PER_SOCKET: 1 });
  const client = under.connect();
  await client.listening();
  expect(await under.connect().closed).toMatchObject({ code: 1013, reason: 'The limit of WebSockets per user is 1' });
  const [, second] = [client.orders(), client.orders()];
  await eventually(() => expect(second.errors[0]?.extensions).toMatchObject({ limit: 1, actual: 2 }));
});
