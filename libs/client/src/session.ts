import type { TokensFragment } from './api.js';
import { BazaarError } from './bazaar-error.js';

/** Without a refresh token, the session ends with the access token. */
export type Tokens = Pick<TokensFragment, 'accessToken'> & Partial<TokensFragment>;

/** Where the tokens of a session are. Clients with the same store, such as the tabs of a browser, share the session. */
export interface TokenStore {
  get(): Tokens | null | Promise<Tokens | null>;
  set(tokens: Tokens | null): void | Promise<void>;
}

export function memoryTokens(tokens: Tokens | null = null): TokenStore {
  return { get: () => tokens, set: (next) => void (tokens = next) };
}

/** @param storage such as `localStorage`. Both tokens are one item, so that a tab never reads half a pair. */
export function storedTokens(
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  key = 'bazaar.tokens',
): TokenStore {
  return {
    get: () => tokensIn(storage.getItem(key) ?? 'null'),
    set: (tokens) => (tokens ? storage.setItem(key, JSON.stringify(tokens)) : storage.removeItem(key)),
  };
}

function tokensIn(item: string): Tokens | null {
  try {
    return JSON.parse(item) as Tokens | null;
  } catch {
    return null; // Another program has written it.
  }
}

/** The tokens, and their refresh in one flight. */
export class Session {
  private readonly refreshing = new Map<string, Promise<Tokens | null>>();

  constructor(
    private readonly store: TokenStore,
    private readonly requestTokens: (refreshToken: string) => Promise<Tokens>,
    private readonly onEnd: () => void,
  ) {}

  async accessToken(): Promise<string | undefined> {
    return (await this.store.get())?.accessToken;
  }

  async save(tokens: Tokens | null): Promise<void> {
    await this.store.set(tokens);
  }

  /**
   * Calls with the same token share one refresh.
   * @param rejected an access token that is not valid.
   * @returns the next one of the same session, or undefined if the session has ended.
   * @throws BazaarError if the API could not be asked. The session may still be good.
   */
  async refresh(rejected: string): Promise<string | undefined> {
    const running = this.refreshing.get(rejected);
    const refreshing = running ?? this.replace(rejected).finally(() => this.refreshing.delete(rejected));
    if (!running) this.refreshing.set(rejected, refreshing);
    const accessToken = (await refreshing)?.accessToken;
    return accessToken !== undefined && isSameSession(accessToken, rejected) ? accessToken : undefined;
  }

  private async replace(rejected: string): Promise<Tokens | null> {
    const current = await this.store.get();
    // Another operation or another tab has refreshed.
    if (current?.accessToken !== rejected) return current;
    if (!current.refreshToken) return null;
    let next: Tokens | null = null;
    try {
      next = await this.requestTokens(current.refreshToken);
    } catch (error) {
      if (!(error instanceof BazaarError && error.code === 'INVALID_REFRESH_TOKEN')) throw error;
    }
    // Another tab may have logged in or out meanwhile.
    const stored = await this.store.get();
    if (stored?.refreshToken !== current.refreshToken) return stored;
    await this.store.set(next);
    if (!next) this.onEnd();
    return next;
  }
}

/** An operation of one session must not be repeated in another, which may be another user's. */
export const isSameSession = (accessToken: string, other: string): boolean =>
  sessionIdOf(accessToken) === sessionIdOf(other);

function sessionIdOf(accessToken: string): unknown {
  try {
    const payload = accessToken.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    return (JSON.parse(atob(payload)) as { sid?: unknown }).sid;
  } catch {
    return undefined; // Not a JWT.
  }
}
