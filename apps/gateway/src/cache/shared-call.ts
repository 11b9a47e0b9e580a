/**
 * Calls that wait at the same time share one: it begins after all of them, and not before the one in progress has ended. So each
 * result is at least as new as its call, and a thousand callers cause few calls.
 */
export class SharedCall<T> {
  private running: Promise<unknown> | undefined;
  private next: Promise<T> | undefined;

  constructor(private readonly call: () => Promise<T>) {}

  result(): Promise<T> {
    return (this.next ??= this.start());
  }

  private async start(): Promise<T> {
    await this.running;
    this.next = undefined;
    const running = this.call();
    this.running = running.catch(() => undefined);
    return running;
  }
}
