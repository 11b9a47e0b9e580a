import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { closeOf, send, SubscriptionsUnderTest } from '../../test/subscriptions.fixture.js';

let under: SubscriptionsUnderTest;

beforeEach(async () => {
  under = await SubscriptionsUnderTest.start();
});

afterEach(() => under.close());

/** A client that reads again within seconds receives the close frame. */
const DISCONNECTED = [1013, 1006];

describe('a client', () => {
  it('that disappears without closing is found', async () => {
    const silent = await under.signedInSocket({ autoPong: false });
    const alive = under.connect();
    await under.halfAMinute(alive);
    expect(await closeOf(silent)).toMatchObject({ code: 1006 });
    await alive.listening();
  });

  it('that reads late receives all updates then, which are not read before', async () => {
    const client = await under.signedInSocket();
    const received: string[] = [];
    client.on('message', (message: Buffer) => received.push(message.toString()));
    const query = 'subscription { orderUpdated { id shippingAddress } }';
    send(client, { type: 'subscribe', id: '1', payload: { query } });
    await under.connect().listening();
    client.pause();
    const shippingAddress = 'x'.repeat(250_000);
    for (let i = 0; i < 300; i++) await under.orderChanges({ shippingAddress });
    // As many as the operating system buffers.
    expect(under.gateway.requests.filter((pattern) => pattern === 'order.get').length).toBeLessThan(200);
    client.resume();
    await eventually(() => expect(received).toHaveLength(300));
  });

  it('that does not read is disconnected when too many updates wait', async () => {
    const client = await under.signedInSocket();
    const closed = closeOf(client);
    const query = 'subscription { orderUpdated { id shippingAddress } }';
    send(client, { type: 'subscribe', id: '1', payload: { query } });
    const watching = under.connect();
    await watching.listening();
    client.pause();
    const shippingAddress = 'x'.repeat(250_000);
    for (let i = 0; i < 1_600; i++) await under.orderChanges({ shippingAddress });
    client.resume();
    expect(DISCONNECTED).toContain((await closed).code);
    await watching.listening();
  });

  it.each([
    [
      'sends messages',
      (client: WebSocket) => send(client, { type: 'ping', payload: { text: 'x'.repeat(60_000) } }),
      500,
    ],
    ['sends pings', (client: WebSocket) => client.ping('x'.repeat(120)), 200_000],
  ])('that %s and does not read is disconnected when too many bytes wait', async (_, send, times) => {
    const client = await under.signedInSocket();
    const closed = closeOf(client);
    client.pause();
    for (let i = 0; i < times; i++) send(client);
    await eventually(() => expect(client.bufferedAmount).toBe(0));
    client.resume();
    expect(DISCONNECTED).toContain((await closed).code);
  });
});
