/** The tokens of the user. All tabs of a browser share the storage, and so the session. */
export class Session {
  private refreshing?: Promise<boolean>;

  /**
   * @param url of the API, such as `http://127.0.0.1:4000/graphql`.
   * @param storage is `localStorage` in a browser.
   * @param onEnd is called when the user has to log in again.
   */
  constructor(
    readonly url: string,
    private readonly storage: Storage,
    private readonly onEnd: () => void,
  ) {}

  get accessToken(): string | null {
    return this.storage.getItem('accessToken');
  }

  /** 0 without an access token. */
  get millisecondsLeft(): number {
    const payload = this.accessToken?.split('.')[1];
    if (!payload) return 0;
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp: number };
    return exp * 1000 - Date.now();
  }

  save({ accessToken, refreshToken }: { accessToken: string; refreshToken: string }) {
    this.storage.setItem('accessToken', accessToken);
    this.storage.setItem('refreshToken', refreshToken);
  }

  forget() {
    this.storage.removeItem('accessToken');
    this.storage.removeItem('refreshToken');
  }

  /**
   * Operations that fail together wait for the same refresh.
   * @param rejected the access token that is not valid.
   * @returns whether there is another one.
   */
  async refresh(rejected: string | null): Promise<boolean> {
    // Another operation or another tab has refreshed meanwhile.
    if (this.accessToken !== rejected) return this.accessToken !== null;
    this.refreshing ??= this.requestTokens()
      .catch(() => false)
      .finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async requestTokens(): Promise<boolean> {
    const refreshToken = this.storage.getItem('refreshToken');
    if (refreshToken === null) return false;
    const query = `mutation ($refreshToken: String!) {
      refreshTokens(refreshToken: $refreshToken) { accessToken refreshToken }
    }`;
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { refreshToken } }),
    });
    const { data, errors } = await response.json();
    if (data?.refreshTokens) this.save(data.refreshTokens);
    // After any other error the tokens may still be good.
    else if (errors?.[0].extensions.code === 'INVALID_REFRESH_TOKEN') {
      this.forget();
      this.onEnd();
    }
    return !!data?.refreshTokens;
  }
}
