import { BazaarError, type ResponseError } from './bazaar-error.js';

/** An answer of the API. */
export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly ResponseError[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface RetryOptions {
  /** The most attempts. */
  readonly attempts: number;
  /** Milliseconds until the second attempt. Each further wait is twice as long, up to `maxDelayMs`. Chance shortens it by up to a half. */
  readonly delayMs: number;
  /** An operation fails at once if the API asks for a longer wait. */
  readonly maxDelayMs: number;
  /** Milliseconds after which an attempt without an answer has failed. */
  readonly timeoutMs: number;
}

export interface HttpRequest {
  readonly body: object;
  readonly headers: Record<string, string>;
  /** Whether a second execution has no effect. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An attempt has either an answer or an error. */
interface Attempt<Data> {
  readonly answer?: Answer<Data>;
  readonly error?: BazaarError;
  /** Whether another attempt may succeed. */
  readonly isTemporary: boolean;
  readonly retryAfterMs: number;
}

const TEMPORARY = ['SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT', 'RATE_LIMITED'];

/** Sends operations, and repeats them if that is safe. */
export class Http {
  constructor(
    private readonly url: string,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  /** @throws BazaarError NETWORK_ERROR, and the reason of the signal. */
  async send<Data>(request: HttpRequest, retry: RetryOptions): Promise<Answer<Data>> {
    for (let attempt = 1; ; attempt++) {
      const { answer, error, isTemporary, retryAfterMs } = await this.attempt<Data>(request, retry.timeoutMs);
      const canRepeat = request.isRepeatable && attempt < retry.attempts && retryAfterMs <= retry.maxDelayMs;
      if (isTemporary && canRepeat) await pause(Math.max(retryAfterMs, delayAfter(attempt, retry)), request.signal);
      else if (answer) return answer;
      else throw error!;
    }
  }

  private async attempt<Data>({ body, headers, signal }: HttpRequest, timeoutMs: number): Promise<Attempt<Data>> {
    const timeout = AbortSignal.timeout(timeoutMs);
    let response: Response;
    let text: string;
    try {
      response = await this.fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      return {
        error: BazaarError.ofNetwork(`No answer from ${this.url}`, {}, error),
        isTemporary: true,
        retryAfterMs: 0,
      };
    }
    const { status } = response;
    const answer = answerIn<Data>(text);
    const retryAfterMs = Math.max(
      millisecondsIn(response.headers.get('retry-after')),
      ...(answer?.errors ?? []).map(({ extensions }) => Number(extensions?.retryAfter ?? 0) * 1_000),
    );
    if (answer) return { answer, isTemporary: isTemporary(answer), retryAfterMs };
    const error = BazaarError.ofNetwork(`${this.url} answered with status ${status} and no GraphQL`, { status });
    return { error, isTemporary: status >= 500 || status === 429, retryAfterMs };
  }
}

/** A proxy may answer with something else. */
function answerIn<Data>(text: string): Answer<Data> | undefined {
  try {
    const answer = JSON.parse(text) as Answer<Data> | null;
    return answer?.data || answer?.errors?.length ? answer : undefined;
  } catch {
    return undefined;
  }
}

const isTemporary = ({ data, errors = [] }: Answer<unknown>) =>
  data == null && errors.every(({ extensions }) => TEMPORARY.includes(extensions?.code));

/** @param retryAfter seconds or a date. */
function millisecondsIn(retryAfter: string | null): number {
  if (retryAfter === null) return 0;
  const milliseconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
  return Math.max(0, milliseconds || 0);
}

/** Random, so that clients that failed together do not come back together. */
export const delayAfter = (attempt: number, { delayMs, maxDelayMs }: Pick<RetryOptions, 'delayMs' | 'maxDelayMs'>) =>
  Math.min(maxDelayMs, delayMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);

async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    }
    signal?.addEventListener('abort', end);
  });
  signal?.throwIfAborted();
}
