const TICK_MS = 20;

/** How long a message that is read now may have waited because this process stood still, by the monotonic clock. */
export class Standstill {
  private lastTick = performance.now();
  private tickBefore = this.lastTick;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => {
      this.tickBefore = this.lastTick;
      this.lastTick = performance.now();
    }, TICK_MS).unref();
  }

  /** Since the tick before the last: after a standstill one may come before the messages are read. At rest, two ticks at most. */
  get longestWaitMs(): number {
    return performance.now() - this.tickBefore;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
