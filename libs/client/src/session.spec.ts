import { eventually } from '@app/testing/eventually';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Received, refusal, type Response, StubApi } from '../test/stub-api.js';
import {
  BazaarClient,
  type ClientOptions,
  memoryTokens,
  PlaceOrderDocument,
  storedTokens,
  type TokenStore,
} from './index.js';

/** An access token of a session. */
const token = (sid: string, name: string) => `h.${Buffer.from(JSON.stringify({ sid, name })).toString('base64url')}.s`;
const pair = (sid: string, name: string) => ({ accessToken: token(sid, name), refreshToken: `refresh ${name}` });
const [old, fresh, strangers] = [pair('s1', 'old'), pair('s1', 'fresh'), pair('s2', 'other')];

const ME = '{ me { id } }';
const USER = '{ user(id: "u1") { email } }';
const ORDER = { input: { items: [{ productId: 'p1', quantity: 1 }] } };
const UNAUTHENTICATED = { data: null, errors: [refusal('UNAUTHENTICATED', {}, ['me'])] };
const IGNORED = { authentication: { status: 'ignored', code: 'UNAUTHENTICATED', message: 'Not valid' } };

let api: StubApi;
let tokens: TokenStore;
let ends: number;
/** The answer to `refreshTokens`. */
let refresh: () => Response | undefined | Promise<Response | undefined>;

const clientWith = (options: Partial<ClientOptions> = {}) =>
  new BazaarClient({ url: api.url, tokens, onSessionEnd: () => ends++, retry: { delayMs: 1 }, ...options });

beforeEach(async () => {
  api = await StubApi.start();
  tokens = memoryTokens(old);
  ends = 0;
  refresh = () => ({ body: { data: { refreshTokens: fresh } } });
  // Only the new token is valid. Public fields ignore another one.
  api.respond = async ({ query, authorization }) => {
    if (isRefresh({ query })) return refresh();
    const isValid = authorization === `Bearer ${fresh.accessToken}`;
    const isPublic = /user\(|registerUser/.test(query);
    if (!isValid && !isPublic) return { body: UNAUTHENTICATED };
    return { body: { data: { isValid }, ...(!isValid && authorization && { extensions: IGNORED }) } };
  };
});

afterEach(() => api.close());

const isRefresh = ({ query }: Pick<Received, 'query'>) => query.includes('refreshTokens');
const refreshes = () => api.received.filter(isRefresh);
const operations = () => api.received.filter((each) => !isRefresh(each));

describe('a token that is not valid', () => {
  it('is refreshed once for all operations, which are repeated, an order with its key', async () => {
    const client = clientWith();
    const answers = [
      client.request(ME),
      client.request(ME),
      client.request(PlaceOrderDocument, ORDER),
      client.request(USER),
    ];
    expect(await Promise.all(answers)).toEqual(answers.map(() => ({ isValid: true })));
    expect(refreshes()).toEqual([{ query: expect.any(String), variables: { refreshToken: old.refreshToken } }]);
    expect(operations()).toHaveLength(8);
    const keys = operations().flatMap(({ key }) => key ?? []);
    expect(keys).toEqual([keys[0], keys[0]]);
    expect(await tokens.get()).toEqual(fresh);
    expect(ends).toBe(0);
  });

  it('is not refreshed again for an operation that is answered later', async () => {
    const client = clientWith();
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const respond = api.respond;
    api.respond = async (operation, index) => {
      if (index === 0) await released;
      return respond(operation, index);
    };
    const late = client.request(ME);
    await eventually(() => expect(api.received).toHaveLength(1));
    await client.request(ME);
    release();
    await late;
    expect(refreshes()).toHaveLength(1);
  });

  it('is refreshed once for a public query of two tabs, and both get the fields of the caller', async () => {
    const items = new Map<string, string>();
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    };
    tokens = storedTokens(storage);
    await tokens.set(old);
    expect(await clientWith().request(USER)).toEqual({ isValid: true });
    expect(await clientWith({ tokens: storedTokens(storage) }).request(USER)).toEqual({ isValid: true });
    expect(refreshes()).toHaveLength(1);
    expect(operations()).toHaveLength(3);
  });

  it('does not make a public mutation run twice, nor one of several mutations', async () => {
    const client = clientWith();
    expect(await client.request('mutation { registerUser(input: {}) { id } }')).toEqual({ isValid: false });
    await expect(client.request('mutation { logoutUser cancelOrder(id: "o1") { id } }')).rejects.toThrow(
      'UNAUTHENTICATED',
    );
    expect(operations()).toHaveLength(2);
    expect(refreshes()).toHaveLength(0);
  });
});

describe('a refresh', () => {
  it('is repeated with the same token if its answer is lost', async () => {
    let isLost = true;
    const answer = refresh;
    refresh = () => {
      if (!isLost) return answer();
      isLost = false;
      return undefined;
    };
    expect(await clientWith().request(ME)).toEqual({ isValid: true });
    expect(refreshes().map(({ variables }) => variables.refreshToken)).toEqual([old.refreshToken, old.refreshToken]);
  });

  it('that fails for another reason keeps the tokens, and a public query has its answer', async () => {
    refresh = () => ({ body: { data: null, errors: [refusal('SERVICE_UNAVAILABLE')] } });
    const client = clientWith({ retry: { attempts: 1 } });
    await expect(client.request(ME)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await client.request(USER)).toEqual({ isValid: false });
    expect(await tokens.get()).toEqual(old);
    expect(ends).toBe(0);
  });

  it('that is rejected ends the session', async () => {
    refresh = () => ({ body: { data: null, errors: [refusal('INVALID_REFRESH_TOKEN')] } });
    const client = clientWith();
    const requests = await Promise.allSettled([client.request(ME), client.request(ME), client.request(USER)]);
    expect(requests).toMatchObject([
      { reason: { code: 'UNAUTHENTICATED' } },
      { reason: { code: 'UNAUTHENTICATED' } },
      { value: { isValid: false } },
    ]);
    expect(ends).toBe(1);
    expect(await tokens.get()).toBeNull();
    expect(refreshes()).toHaveLength(1);
  });

  it.each([
    ['its answer', { body: { data: { refreshTokens: fresh } } }],
    ['its rejection', { body: { data: null, errors: [refusal('INVALID_REFRESH_TOKEN')] } }],
  ])('does not undo the login of another user with %s, and repeats nothing as that user', async (_, answer) => {
    refresh = async () => {
      await tokens.set(strangers);
      return answer;
    };
    await expect(clientWith().request(ME)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await tokens.get()).toEqual(strangers);
    expect(operations()).toHaveLength(1);
    expect(ends).toBe(0);
  });

  it('is not possible without a refresh token', async () => {
    await tokens.set({ accessToken: old.accessToken });
    await expect(clientWith().request(ME)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(api.received).toHaveLength(1);
  });
});

it('starts without a session if the stored item is not of this client', () => {
  const storage = { getItem: () => 'not JSON', setItem: () => {}, removeItem: () => {} };
  expect(storedTokens(storage).get()).toBeNull();
});

it('keeps the tokens of a login and of a change of password until the user logs out', async () => {
  const client = clientWith({ tokens: (tokens = memoryTokens()) });
  const answer = (data: object) => (api.respond = () => ({ body: { data } }));
  answer({ loginUser: old });
  await client.logIn({ email: 'a@example.com', password: 'a password' });
  expect(await tokens.get()).toEqual(old);
  answer({ changePassword: fresh });
  await client.changePassword({ currentPassword: 'a password', newPassword: 'another password' });
  expect(await tokens.get()).toEqual(fresh);
  answer({ logoutUser: true });
  await client.logOut();
  expect(await tokens.get()).toBeNull();
  expect(api.received.map(({ authorization }) => authorization)).toEqual([
    undefined,
    `Bearer ${old.accessToken}`,
    `Bearer ${fresh.accessToken}`,
  ]);
});
