import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { closeOf, send, SubscriptionsUnderTest } from '../../test/subscriptions.fixture.js';

let under: SubscriptionsUnderTest;

beforeEach(async () => {
  under = await SubscriptionsUnderTest.start();
});

afterEach(() => under.close());

/** The reason is told to who reads again within seconds. */
const CUT_OFF = [1013, 1006];

describe('a client', () => {
  it('that is gone without a word is found out', async () => {
    const gone = await under.signedInSocket({ autoPong: false });
    const alive = under.connect();
    await under.halfAMinute(alive);
    expect(await closeOf(gone)).toMatchObject({ code: 1006 });
    await alive.listening();
  });

  it('that reads late, though not too late, is told everything then, of which nothing was asked for before', async () => {
    const client = await under.signedInSocket();
    const told: string[] = [];
    client.on('message', (message: Buffer) => told.push(message.toString()));
    const query = 'subscription { orderUpdated { id shippingAddress } }';
    send(client, { type: 'subscribe', id: '1', payload: { query } });
    await under.connect().listening();
    client.pause();
    const shippingAddress = 'x'.repeat(300_000);
    for (let i = 0; i < 300; i++) await under.orderChanges({ shippingAddress });
    // What the machine's own buffers hold, and no more.
    expect(under.gateway.requests.filter((pattern) => pattern === 'order.get').length).toBeLessThan(200);
    client.resume();
    await eventually(() => expect(told).toHaveLength(300));
  });

  it('that does not read is cut off when too many updates wait', async () => {
    const client = await under.signedInSocket();
    const closed = closeOf(client);
    const query = 'subscription { orderUpdated { id shippingAddress } }';
    send(client, { type: 'subscribe', id: '1', payload: { query } });
    const watching = under.connect();
    await watching.listening();
    client.pause();
    const shippingAddress = 'x'.repeat(300_000);
    for (let i = 0; i < 1_600; i++) await under.orderChanges({ shippingAddress });
    client.resume();
    expect(CUT_OFF).toContain((await closed).code);
    await watching.listening();
  });

  it.each([
    ['asks', (client: WebSocket) => send(client, { type: 'ping', payload: { text: 'x'.repeat(60_000) } }), 500],
    ['pings', (client: WebSocket) => client.ping('x'.repeat(120)), 200_000],
  ])('that %s and does not read is cut off when too much waits for it', async (_, ask, times) => {
    const client = await under.signedInSocket();
    const closed = closeOf(client);
    client.pause();
    for (let i = 0; i < times; i++) ask(client);
    await eventually(() => expect(client.bufferedAmount).toBe(0));
    client.resume();
    expect(CUT_OFF).toContain((await closed).code);
  });
});
