import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../libs/testing/src/eventually.js';
import { NoAnswer, Refused, type Customer, type Order } from './client.js';

const UNKNOWN_OUTCOME = ['SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT'];

/**
 * Customers who keep ordering one unit of a product, while the test disturbs the system. Each order has an idempotency key and is
 * sent until it is answered.
 */
export class RetryingBuyers {
  /** The orders in the answers, one per key. */
  readonly placed: Order[] = [];
  /** The number of calls without an answer, which may have placed an order. */
  unanswered = 0;
  private stopping = false;
  private readonly buying: Promise<void[]>;

  /** @param urls the gateways, used in turn. */
  constructor(
    customers: Customer[],
    private readonly urls: string[],
    private readonly productId: string,
  ) {
    this.buying = Promise.all(customers.map((customer) => this.buy(customer)));
  }

  /** Resolves when that many more orders have been answered. @throws after `timeoutMs`. */
  async more(count: number, timeoutMs = 60_000): Promise<void> {
    const enough = this.placed.length + count;
    await eventually(() => {
      if (this.placed.length < enough) throw new Error(`${this.placed.length} of ${enough} orders placed`);
    }, timeoutMs);
  }

  /** Resolves when every order has been answered. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.buying;
  }

  private async buy(customer: Customer): Promise<void> {
    while (!this.stopping) {
      this.placed.push(await this.placeUntilAnswered(customer, randomUUID()));
      await sleep(30);
    }
  }

  private async placeUntilAnswered(customer: Customer, key: string): Promise<Order> {
    for (let calls = 0; ; calls++) {
      try {
        const gateway = customer.at(this.urls[calls % this.urls.length]!);
        return await gateway.placeOrderOnce(key, { productId: this.productId, quantity: 1 });
      } catch (error) {
        if (!(error instanceof NoAnswer || (error instanceof Refused && UNKNOWN_OUTCOME.includes(error.code))))
          throw error;
        this.unanswered++;
        await sleep(50);
      }
    }
  }
}
