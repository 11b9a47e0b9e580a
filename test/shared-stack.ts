import type { Stack } from './stack.js';

/** The stack that the specs of a worker share, one after the other. The keeper has its processes. */
export class SharedStack implements Stack {
  private constructor(
    private readonly at: string,
    readonly urls: readonly string[],
  ) {}

  /** Starts the stack if this worker has none yet. */
  static async attach(keeper: string): Promise<SharedStack> {
    const at = `${keeper}/${process.env.JEST_WORKER_ID}`;
    return new SharedStack(at, await ask<string[]>(at, 'urls'));
  }

  get url(): string {
    return this.urls[0]!;
  }

  output(): Promise<string> {
    return ask(this.at, 'output');
  }

  metrics(): Promise<string> {
    return ask(this.at, 'metrics');
  }

  admin(...args: string[]): Promise<string> {
    return ask(this.at, 'admin', ...args);
  }

  /** It keeps running for the next spec. */
  async stop(): Promise<void> {}
}

async function ask<T>(at: string, ...question: string[]): Promise<T> {
  const response = await fetch(at, { method: 'POST', body: JSON.stringify(question) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}
