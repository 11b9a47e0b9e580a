import { Client, CombinedError, fetchExchange, gql, mapExchange, type Exchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

const LOG_IN = gql<{ loginUser: Tokens }, { email: string; password: string }>`
  mutation LogIn($email: String!, $password: String!) {
    loginUser(input: { email: $email, password: $password }) {
      accessToken
      refreshToken
    }
  }
`;

const REFRESH = gql<{ refreshTokens: Tokens }, { refreshToken: string }>`
  mutation Refresh($refreshToken: String!) {
    refreshTokens(refreshToken: $refreshToken) {
      accessToken
      refreshToken
    }
  }
`;

const LOG_OUT = gql<{ logoutUser: boolean }>`
  mutation LogOut {
    logoutUser
  }
`;

/** A user of the shop. All tabs of a browser share the storage, and so the session. */
export class Shop {
  readonly client: Client;

  /**
   * @param url of the API, such as `http://127.0.0.1:4000/graphql`.
   * @param storage is `localStorage` in a browser.
   * @param onSessionEnd is called when the user has to log in again.
   */
  constructor(
    url: string,
    private readonly storage: Storage,
    private readonly onSessionEnd: () => void,
  ) {
    this.client = new Client({ url, exchanges: [this.authentication(), ignoredTokenAsError, fetchExchange] });
  }

  /** @throws CombinedError with the code INVALID_CREDENTIALS or RATE_LIMITED. */
  async logIn(email: string, password: string): Promise<void> {
    const { data, error } = await this.client.mutation(LOG_IN, { email, password });
    if (!data) throw error ?? new Error('No answer');
    this.save(data.loginUser);
  }

  async logOut(): Promise<void> {
    await this.client.mutation(LOG_OUT, {});
    this.forget();
  }

  private authentication(): Exchange {
    let rejected: string | null = null;
    return authExchange(async ({ appendHeaders, mutate }) => ({
      // From the storage, because another tab may have refreshed.
      addAuthToOperation: (operation) => {
        const accessToken = this.storage.getItem('accessToken');
        if (accessToken === null) return operation;
        const sent = appendHeaders(operation, { authorization: `Bearer ${accessToken}` });
        return { ...sent, context: { ...sent.context, accessToken } };
      },
      didAuthError: (error, { context }) => {
        if (!hasCode(error, 'UNAUTHENTICATED') || this.storage.getItem('refreshToken') === null) return false;
        rejected = context.accessToken as string;
        return true;
      },
      refreshAuth: async () => {
        const refreshToken = this.storage.getItem('refreshToken');
        // The tokens are newer than the operation: it is only repeated. A refresh would make those of other tabs too old.
        if (refreshToken === null || this.storage.getItem('accessToken') !== rejected) return;
        const { data, error } = await mutate(REFRESH, { refreshToken });
        if (data) this.save(data.refreshTokens);
        // After any other error the tokens may still be good.
        else if (hasCode(error, 'INVALID_REFRESH_TOKEN')) {
          this.forget();
          this.onSessionEnd();
        }
      },
    }));
  }

  private save({ accessToken, refreshToken }: Tokens) {
    this.storage.setItem('accessToken', accessToken);
    this.storage.setItem('refreshToken', refreshToken);
  }

  private forget() {
    this.storage.removeItem('accessToken');
    this.storage.removeItem('refreshToken');
  }
}

const hasCode = (error: CombinedError | undefined, code: string) =>
  error?.graphQLErrors.some(({ extensions }) => extensions.code === code) ?? false;

/** A public query ignores an access token that is not valid. As an error, it is repeated with a new token. */
const ignoredTokenAsError = mapExchange({
  onResult(result) {
    const ignored = result.extensions?.authentication as { code: string; message: string } | undefined;
    if (result.operation.kind !== 'query' || result.error || ignored?.code !== 'UNAUTHENTICATED') return result;
    const error = new CombinedError({
      graphQLErrors: [{ message: ignored.message, extensions: { code: ignored.code } }],
    });
    return { ...result, error };
  },
});
