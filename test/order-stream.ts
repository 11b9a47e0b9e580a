import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../libs/testing/src/eventually.js';
import { NoAnswer, Refused, type Customer, type Order } from './client.js';

/** Fewer than the query `orders` returns. */
const MAX_PER_CUSTOMER = 900;
/** Concurrent calls of each customer. */
const LANES = 2;

/** Customers who keep ordering one unit of a product, while the test disturbs the system. */
export class OrderStream {
  /** The orders that were accepted. */
  readonly accepted: Order[] = [];
  /** The error codes of the other calls; NO_ANSWER if the connection broke. */
  readonly failures: string[] = [];
  private stopping = false;
  private readonly lanes: Promise<void[]>;

  constructor(
    readonly customers: Customer[],
    readonly productId: string,
  ) {
    this.lanes = Promise.all(customers.flatMap((customer) => Array.from({ length: LANES }, () => this.run(customer))));
  }

  /** Resolves when that many more orders have been accepted. */
  async more(count: number): Promise<void> {
    const enough = this.accepted.length + count;
    await eventually(() => {
      if (this.accepted.length < enough)
        throw new Error(
          `${this.accepted.length} of ${enough} orders accepted; failures: ${[...new Set(this.failures)].join()}`,
        );
    }, 60_000);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.lanes;
  }

  /** The accepted orders that are missing from `orders`. @throws if there are more orders than calls. */
  lostAmong(orders: Order[]): Order[] {
    const ids = new Set(orders.map(({ id }) => id));
    const surplus = orders.length - this.accepted.length - this.failures.length;
    if (surplus > 0) throw new Error(`There are ${surplus} orders that no customer has placed`);
    return this.accepted.filter(({ id }) => !ids.has(id));
  }

  private async run(customer: Customer): Promise<void> {
    for (let i = 0; i < MAX_PER_CUSTOMER / LANES && !this.stopping; i++) {
      try {
        this.accepted.push(await customer.placeOrder({ productId: this.productId, quantity: 1 }));
        await sleep(20);
      } catch (error) {
        this.failures.push(codeOf(error));
        await sleep(100);
      }
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Refused) return error.code;
  if (error instanceof NoAnswer) return 'NO_ANSWER';
  throw error;
}
