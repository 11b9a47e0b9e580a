const TICK_MS = 20;

/** Measures how long a message that is read now may have waited because the event loop was blocked. */
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

  /** The time since the second to last tick: after a block, one tick may run before the messages are read. Normally two ticks at most. */
  get longestWaitMs(): number {
    return performance.now() - this.tickBefore;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
