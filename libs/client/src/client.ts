import {
  ChangePasswordDocument,
  type ChangePasswordInput,
  LogInDocument,
  type LoginInput,
  LogOutDocument,
  RefreshTokensDocument,
  type RefreshTokensMutation,
} from './api.js';
import { BazaarError } from './bazaar-error.js';
import { type Answer, Http, type RetryOptions } from './http.js';
import { type Document, type Operation, operationOf, type VariablesOf } from './operation.js';
import { memoryTokens, Session, type Tokens, type TokenStore } from './session.js';
import { type SocketOptions, type SubscriptionEvent, Subscriptions } from './subscriptions.js';

export interface ClientOptions {
  /** The API, such as `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  /** Default: in memory. */
  readonly tokens?: TokenStore;
  /** Called when the user has to log in again. */
  readonly onSessionEnd?: () => void;
  readonly retry?: Partial<RetryOptions>;
  readonly fetch?: typeof globalThis.fetch;
  /** Settings of graphql-ws. */
  readonly sockets?: SocketOptions;
}

export interface RequestOptions {
  /** For a mutation that takes a key. Default: a random one. With null, it gets none and is sent once. */
  readonly idempotencyKey?: string | null;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
  /** With NULL, a field that fails is null and the other fields are answered. */
  readonly onError?: 'NULL';
}

const RETRY: RetryOptions = { attempts: 5, delayMs: 300, maxDelayMs: 30_000, timeoutMs: 30_000 };
/** All within the 20 seconds in which a replaced refresh token returns its successor again. */
const REFRESH_RETRY = { attempts: 3, maxDelayMs: 2_000, timeoutMs: 5_000 };
/** Of one operation: another tab may have stored a token that is not valid either. */
const MAX_REFRESHES = 2;

/** A client of Bazaar's API, with the session of one user. */
export class BazaarClient {
  private readonly http: Http;
  private readonly retry: RetryOptions;
  private readonly session: Session;
  private readonly subscriptions: Subscriptions;

  constructor({ url, tokens = memoryTokens(), onSessionEnd = () => {}, retry, fetch, sockets }: ClientOptions) {
    this.http = new Http(url, fetch ?? ((input, init) => globalThis.fetch(input, init)));
    this.retry = { ...RETRY, ...retry };
    this.session = new Session(tokens, (refreshToken) => this.refresh(refreshToken), onSessionEnd);
    this.subscriptions = new Subscriptions(url, this.session, this.retry, sockets);
  }

  /**
   * Executes a query or a mutation. Queries, and mutations with an idempotency key, are repeated after temporary failures.
   * @throws BazaarError for an answer with an error.
   */
  async request<Data, Variables extends object = Record<string, unknown>>(
    document: Document<Data, Variables>,
    ...[variables, options]: [...VariablesOf<Variables>, options?: RequestOptions]
  ): Promise<Data> {
    const { data, errors } = await this.answer(document, variables as Variables, options);
    if (errors?.[0]) throw BazaarError.of(errors, data);
    return data!;
  }

  /** Like `request`, but returns errors. @throws BazaarError NETWORK_ERROR if there is no answer. */
  async answer<Data, Variables extends object = Record<string, unknown>>(
    document: Document<Data, Variables>,
    variables?: Variables,
    { idempotencyKey, headers, signal, onError }: RequestOptions = {},
  ): Promise<Answer<Data>> {
    const operation = operationOf(document, variables ?? {});
    const { query, kind, takesKey, hasKey } = operation;
    const key = takesKey && !hasKey && idempotencyKey !== null ? (idempotencyKey ?? randomKey()) : undefined;
    const isRepeatable = kind === 'query' || hasKey || key !== undefined;
    const body = { query, variables, onError };
    let token = await this.session.accessToken();
    for (let refreshes = 0; ; refreshes++) {
      const authorization = token === undefined ? undefined : { authorization: `Bearer ${token}` };
      const keyHeader = key === undefined ? undefined : { 'idempotency-key': JSON.stringify(key) };
      const request = { body, headers: { ...keyHeader, ...authorization, ...headers }, isRepeatable, signal };
      const answer = await this.http.send<Data>(request, this.retry);
      if (token === undefined || refreshes === MAX_REFRESHES || !isUnauthenticated(answer, operation)) return answer;
      const next = await this.session.refresh(token).catch((error: unknown) => {
        // What a public query ignored is no reason to fail.
        if (answer.errors) throw error;
        return undefined;
      });
      if (next === undefined) return answer;
      token = next;
    }
  }

  /**
   * Subscribes, and again after each loss of the connection. The iterator's `return` ends the subscription, and so does leaving
   * the loop. It throws a BazaarError if the subscription cannot go on.
   */
  subscribe<Data, Variables extends object = Record<string, unknown>>(
    document: Document<Data, Variables>,
    ...[variables]: VariablesOf<Variables>
  ): AsyncIterableIterator<SubscriptionEvent<Data>> {
    const { query } = operationOf(document, {});
    return this.subscriptions.subscribe<Data>({ query, variables: variables as Record<string, unknown> | undefined });
  }

  async logIn(input: LoginInput): Promise<void> {
    const { loginUser } = await this.request(LogInDocument, { input });
    await this.session.save(loginUser);
    this.endSubscriptions();
  }

  async logOut({ everywhere = false } = {}): Promise<void> {
    await this.request(LogOutDocument, { everywhere });
    await this.session.save(null);
    this.endSubscriptions();
  }

  async changePassword(input: ChangePasswordInput): Promise<void> {
    await this.session.save((await this.request(ChangePasswordDocument, { input })).changePassword);
  }

  /** Those of the user who was logged in. */
  private endSubscriptions(): void {
    this.subscriptions.fail(new BazaarError('The session has ended', 'UNAUTHENTICATED'));
  }

  private async refresh(refreshToken: string): Promise<Tokens> {
    const body = { query: String(RefreshTokensDocument), variables: { refreshToken } };
    const retry = { ...this.retry, ...REFRESH_RETRY, attempts: Math.min(this.retry.attempts, REFRESH_RETRY.attempts) };
    const request = { body, headers: {}, isRepeatable: true };
    const { data, errors } = await this.http.send<RefreshTokensMutation>(request, retry);
    if (errors?.[0]) throw BazaarError.of(errors);
    return data!.refreshTokens;
  }

  /** Ends all subscriptions. */
  async close(): Promise<void> {
    await this.subscriptions.close();
  }
}

/** Whether the operation can be repeated with another token: it was rejected, or answered as if there were none. */
function isUnauthenticated(
  { errors = [], extensions }: Answer<unknown>,
  { kind, isSingle }: Pick<Operation, 'kind' | 'isSingle'>,
): boolean {
  const rejected = errors.filter(({ extensions }) => extensions?.code === 'UNAUTHENTICATED');
  // A public mutation that ignored the token has been executed.
  if (kind === 'mutation') return isSingle && rejected.some(({ path }) => path?.length === 1);
  const ignored = extensions?.authentication as { code?: string } | undefined;
  return rejected.length > 0 || ignored?.code === 'UNAUTHENTICATED';
}

/** `crypto.randomUUID` exists on pages with TLS only. */
const randomKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (each) => each.toString(36)).join('-');
