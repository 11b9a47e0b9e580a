const DRAIN_MS = 10_000;

/** Tracks work in progress, so that closing can wait for it up to DRAIN_MS. */
export class Drain {
  private readonly work = new Set<Promise<unknown>>();

  get size(): number {
    return this.work.size;
  }

  /** `work` must not reject. */
  add(work: Promise<unknown>): void {
    this.work.add(work);
    void work.finally(() => this.work.delete(work));
  }

  async drained(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, DRAIN_MS)));
    await Promise.race([Promise.all(this.work), late]);
    clearTimeout(timer);
  }
}
