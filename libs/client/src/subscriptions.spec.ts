import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@app/testing/eventually';
import { refusal, StubApi } from '../test/stub-api.js';
import {
  BazaarClient,
  memoryTokens,
  OrderUpdatedDocument,
  type OrderUpdatedSubscription,
  type TokenStore,
} from './index.js';
import type { SubscriptionEvent } from './subscriptions.js';

type Events = AsyncIterableIterator<SubscriptionEvent<OrderUpdatedSubscription>>;

const token = (sid: string, name: string) => `h.${Buffer.from(JSON.stringify({ sid, name })).toString('base64url')}.s`;
const [first, second, strangers] = [token('s1', 'first'), token('s1', 'second'), token('s2', 'other')];
const update = (id: string) => ({ data: { orderUpdated: { id } } });
const CONNECTED = { done: false, value: { type: 'connected' } };
const updated = (id: string) => ({ done: false, value: { type: 'update', ...update(id) } });
const OVER = { done: true, value: undefined };

let api: StubApi;
let tokens: TokenStore;
let client: BazaarClient;
let ends: number;

beforeEach(async () => {
  api = await StubApi.start();
  api.respond = () => ({ body: { data: { refreshTokens: { accessToken: second, refreshToken: 'r2' } } } });
  tokens = memoryTokens({ accessToken: first, refreshToken: 'r1' });
  ends = 0;
  client = new BazaarClient({ url: api.url, tokens, onSessionEnd: () => ends++, retry: { delayMs: 1 } });
});

afterEach(async () => {
  jest.useRealTimers();
  await client.close();
  await api.close();
});

/** Subscribes, and resolves when the API has all active subscriptions. */
async function subscribe(active = 1): Promise<Events> {
  const events = client.subscribe(OrderUpdatedDocument, {});
  expect(await events.next()).toEqual(CONNECTED);
  await eventually(() => expect(api.active).toHaveLength(active));
  return events;
}

const tokensUsed = () => api.subscriptions.map((each) => each.token);

describe('a subscription', () => {
  it('yields updates in order, also those that failed', async () => {
    const events = await subscribe();
    api.publish(update('o1'));
    api.publish({ data: null, errors: [refusal('OPERATION_TOO_COMPLEX')] });
    api.publish(update('o2'));
    expect(await events.next()).toEqual(updated('o1'));
    expect((await events.next()).value).toMatchObject({ type: 'failed', error: { code: 'OPERATION_TOO_COMPLEX' } });
    expect(await events.next()).toEqual(updated('o2'));
  });

  it.each([1001, 1012, 1013, 4499])('reconnects after the close code %i, and says so', async (code) => {
    const events = await subscribe();
    api.publish(update('o1'));
    api.closeSockets(code);
    expect(await events.next()).toEqual(updated('o1'));
    expect(await events.next()).toEqual(CONNECTED);
    await eventually(() => expect(api.active).toHaveLength(1));
    api.publish(update('o2'));
    expect(await events.next()).toEqual(updated('o2'));
  });

  it('reconnects when the API answers nothing more', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date', 'performance'] });
    const events = client.subscribe(OrderUpdatedDocument, {});
    expect(await events.next()).toEqual(CONNECTED);
    api.freezeSockets();
    jest.advanceTimersByTime(30_000);
    jest.useRealTimers();
    expect(await events.next()).toEqual(CONNECTED);
    await eventually(() => expect(api.active).toHaveLength(1));
  });

  it('ends its part of the socket when its loop is left, and the socket with the last one', async () => {
    const [one, other] = [await subscribe(), await subscribe(2)];
    const waiting = one.next();
    await one.return?.();
    expect(await waiting).toEqual(OVER);
    await eventually(() => expect(api.active).toHaveLength(1));
    api.publish(update('o1'));
    expect(await other.next()).toEqual(updated('o1'));
    await other.return?.();
    await eventually(() => expect(api.openSockets).toBe(0));
  });

  it('throws the error of the API, once the updates before are read', async () => {
    const events = await subscribe();
    api.publish(update('o1'));
    const [{ socket, id }] = api.active as [(typeof api.active)[0]];
    socket.send(JSON.stringify({ id, type: 'error', payload: [refusal('ORDER_NOT_FOUND')] }));
    await eventually(() => expect(api.openSockets).toBe(0));
    expect(await events.next()).toEqual(updated('o1'));
    await expect(events.next()).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND', traceId: 't1' });
    expect(await events.next()).toEqual(OVER);
  });
});

describe('a token that is not valid', () => {
  it('is refreshed before the socket connects again', async () => {
    const events = await subscribe();
    api.accepts = (token) => token === second;
    api.closeSockets(4403, 'The session has ended');
    expect(await events.next()).toEqual(CONNECTED);
    await eventually(() => expect(tokensUsed()).toEqual([first, second]));
    expect(api.received).toHaveLength(1);
  });

  it('is refreshed if the first socket is refused', async () => {
    api.accepts = (token) => token === second;
    await subscribe();
    expect(tokensUsed()).toEqual([second]);
  });

  it('is refreshed for a new subscription on an older socket, and the others go on', async () => {
    const older = await subscribe();
    api.refuse = (token) => (token === first ? refusal('UNAUTHENTICATED') : undefined);
    const newer = client.subscribe(OrderUpdatedDocument, {});
    await eventually(() => expect(api.active.map((each) => each.token)).toEqual([second, second]));
    api.publish(update('o1'));
    for (const events of [older, newer]) {
      let event;
      do event = await events.next();
      while (event.value?.type === 'connected');
      expect(event).toEqual(updated('o1'));
    }
    expect(api.received).toHaveLength(1);
  });

  it('ends the subscriptions if the session has ended', async () => {
    const all = [await subscribe(), await subscribe(2)];
    api.respond = () => ({ body: { data: null, errors: [refusal('INVALID_REFRESH_TOKEN')] } });
    api.accepts = () => false;
    api.closeSockets(4403, 'The session has ended');
    for (const events of all) await expect(events.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(ends).toBe(1);
  });

  it('is tried again while it cannot be refreshed', async () => {
    const events = await subscribe();
    api.respond = ({ query }, index) => (query && index < 5 ? undefined : { status: 404, body: '' });
    let checks = 0;
    api.accepts = () => ++checks > 3;
    api.closeSockets(4403);
    expect(await events.next()).toEqual(CONNECTED);
    expect(await tokens.get()).toEqual({ accessToken: first, refreshToken: 'r1' });
  });
});

describe('another user', () => {
  it('does not get the subscriptions of the one before: in another tab', async () => {
    const events = await subscribe();
    await tokens.set({ accessToken: strangers });
    api.closeSockets(1012);
    await expect(events.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await subscribe();
    await eventually(() => expect(tokensUsed()).toEqual([first, strangers]));
  });

  it('does not get the subscriptions of the one before: after a login', async () => {
    const events = await subscribe();
    api.respond = () => ({ body: { data: { loginUser: { accessToken: strangers, refreshToken: 'r' } } } });
    await client.logIn({ email: 'a@example.com', password: 'a password' });
    await expect(events.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await subscribe();
    await eventually(() => expect(tokensUsed()).toEqual([first, strangers]));
  });
});
