import { AppError } from '@app/contracts';
import { Gauge } from 'prom-client';

/** Operations up to this cost do not wait: their answers are small. */
const CHEAP = 100;
/** The total cost of the expensive operations that run at once. A cost of 1 is up to 1 KB of an answer, 4 KB of old products. */
const MAX_COST_IN_PROGRESS = 8_000;
/** The longest turn: an operation that takes longer waits for a service, whose reply is not in memory yet. */
const MAX_TURN_MS = 500;
const MAX_WAITING = 1_000;
const WAIT_TIMEOUT_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

const waitingOperations = new Gauge({
  name: 'bazaar_operations_waiting',
  help: 'Expensive operations that wait until others have ended',
  labelNames: ['service'] as const,
});
waitingOperations.set({ service: 'gateway' }, 0);

interface Waiting {
  readonly cost: number;
  begin(): void;
}

/** Bounds the memory of answers in progress: expensive operations run in order of arrival, a few at a time. */
export class OperationTurns {
  private costInProgress = 0;
  private readonly waiting = new Set<Waiting>();

  /** @param hasRoomForAnswers whether clients have received enough of the earlier answers. */
  constructor(private readonly hasRoomForAnswers: () => boolean = () => true) {}

  /**
   * Waits until the operation may run.
   * @returns the function that ends its turn.
   * @throws AppError SERVICE_UNAVAILABLE after five seconds, if too many operations wait, or while too many answers are unsent.
   */
  async take(cost: number): Promise<() => void> {
    if (cost <= CHEAP) return () => {};
    if (this.waiting.size === 0 && this.hasRoomFor(cost)) this.costInProgress += cost;
    else await this.turn(cost);
    let hasEnded = false;
    const end = () => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(tooLong);
      this.costInProgress -= cost;
      this.beginNext();
    };
    const tooLong = setTimeout(end, MAX_TURN_MS).unref();
    if (this.hasRoomForAnswers()) return end;
    end();
    throw busy();
  }

  /** The most expensive operations exceed the limit by themselves. They run alone. */
  private hasRoomFor(cost: number): boolean {
    return this.costInProgress === 0 || this.costInProgress + cost <= MAX_COST_IN_PROGRESS;
  }

  private turn(cost: number): Promise<void> {
    if (this.waiting.size >= MAX_WAITING) throw busy();
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        this.remove(waiting);
        reject(busy());
      }, WAIT_TIMEOUT_MS);
      const begin = () => {
        clearTimeout(timeout);
        this.remove(waiting);
        this.costInProgress += cost;
        resolve();
      };
      const waiting: Waiting = { cost, begin };
      this.waiting.add(waiting);
      waitingOperations.inc({ service: 'gateway' });
    });
  }

  private beginNext(): void {
    for (const next of this.waiting) {
      if (!this.hasRoomFor(next.cost)) return;
      next.begin();
    }
  }

  private remove(waiting: Waiting): void {
    this.waiting.delete(waiting);
    waitingOperations.dec({ service: 'gateway' });
  }
}

const busy = () =>
  new AppError('SERVICE_UNAVAILABLE', 'Too many expensive operations are running', { retryAfter: RETRY_AFTER_SECONDS });
