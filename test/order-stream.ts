import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../libs/testing/src/eventually.js';
import { NoAnswer, Refused, type Customer, type Order } from './client.js';

/** Fewer than `orders` answers with, for each customer. */
const MOST_PER_CUSTOMER = 900;
/** For each customer. */
const LANES = 2;

/** Customers who order one unit of a product again and again, whatever happens to the system meanwhile. */
export class OrderStream {
  /** The answers they got. */
  readonly accepted: Order[] = [];
  /** The codes that other orders were refused with; NO_ANSWER where the connection broke. */
  readonly failures: string[] = [];
  private stopping = false;
  private readonly lanes: Promise<void[]>;

  constructor(
    readonly customers: Customer[],
    readonly productId: string,
  ) {
    this.lanes = Promise.all(customers.flatMap((customer) => Array.from({ length: LANES }, () => this.run(customer))));
  }

  /** Resolves once that many more orders were accepted. */
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

  /** Which accepted orders are not among these; nor may there be more than those that got no answer can explain. */
  lostAmong(orders: Order[]): Order[] {
    const ids = new Set(orders.map(({ id }) => id));
    const unasked = orders.length - this.accepted.length - this.failures.length;
    if (unasked > 0) throw new Error(`There are ${unasked} orders that nobody has placed`);
    return this.accepted.filter(({ id }) => !ids.has(id));
  }

  private async run(customer: Customer): Promise<void> {
    for (let i = 0; i < MOST_PER_CUSTOMER / LANES && !this.stopping; i++) {
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
