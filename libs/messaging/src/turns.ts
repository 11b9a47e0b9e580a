/** Limits the number of concurrent tasks. Further tasks wait in order of arrival. */
export class Turns {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  /** Tasks that wait for longer than `patienceMs` are rejected. */
  constructor(
    private readonly atOnce: number,
    private readonly patienceMs?: number,
  ) {}

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** @throws Error ETIMEDOUT if the task was not started in time. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.running < this.atOnce) this.running++;
    else await this.turn();
    try {
      return await task();
    } finally {
      const [next] = this.waiting;
      if (next) next();
      else this.running--;
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        this.waiting.delete(begin);
        clearTimeout(timer);
        resolve();
      };
      const giveUp = () => {
        this.waiting.delete(begin);
        reject(Object.assign(new Error(`No turn came within ${this.patienceMs} ms`), { code: 'ETIMEDOUT' }));
      };
      const timer = this.patienceMs === undefined ? undefined : setTimeout(giveUp, this.patienceMs);
      this.waiting.add(begin);
    });
  }
}
